import { registry } from '@unnoise/core';
import { DDPMParallelScheduler } from './index.ts';

registry.add(DDPMParallelScheduler);
