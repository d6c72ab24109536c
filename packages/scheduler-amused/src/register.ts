import { registry } from '@unnoise/core';
import { AmusedScheduler } from './index.ts';

registry.add(AmusedScheduler);
