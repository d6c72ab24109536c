import { registry } from '@unnoise/core';
import { DDIMParallelScheduler } from './index.ts';

registry.add(DDIMParallelScheduler);
