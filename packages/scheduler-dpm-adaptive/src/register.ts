import { registry } from '@unnoise/core';
import { DPMAdaptiveScheduler } from './index.ts';

registry.add(DPMAdaptiveScheduler);
