import { registry } from '@unnoise/core';
import { PNDMScheduler } from './index.ts';

registry.add(PNDMScheduler);
