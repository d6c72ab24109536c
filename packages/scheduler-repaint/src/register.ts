import { registry } from '@unnoise/core';
import { RePaintScheduler } from './index.ts';

registry.add(RePaintScheduler);
