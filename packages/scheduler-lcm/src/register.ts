import { registry } from '@unnoise/core';
import { LCMScheduler } from './index.ts';

registry.add(LCMScheduler);
