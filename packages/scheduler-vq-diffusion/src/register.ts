import { registry } from '@unnoise/core';
import { VQDiffusionScheduler } from './index.ts';

registry.add(VQDiffusionScheduler);
