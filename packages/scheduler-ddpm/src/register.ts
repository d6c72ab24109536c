import { registry } from '@unnoise/core';
import { DDPMScheduler } from './index.ts';

registry.add(DDPMScheduler);
