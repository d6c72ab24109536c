import { registry } from '@unnoise/core';
import { DDIMInverseScheduler } from './index.ts';

registry.add(DDIMInverseScheduler);
