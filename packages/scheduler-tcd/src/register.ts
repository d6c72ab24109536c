import { registry } from '@unnoise/core';
import { TCDScheduler } from './index.ts';

registry.add(TCDScheduler);
