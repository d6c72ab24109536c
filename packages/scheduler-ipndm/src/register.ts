import { registry } from '@unnoise/core';
import { IPNDMScheduler } from './index.ts';

registry.add(IPNDMScheduler);
