import { registry } from '@unnoise/core';
import { DDIMScheduler } from './index.ts';

registry.add(DDIMScheduler);
