import { registry } from '@unnoise/core';
import { DPMFastScheduler } from './index.ts';

registry.add(DPMFastScheduler);
