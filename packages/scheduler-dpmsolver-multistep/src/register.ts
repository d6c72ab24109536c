import { registry } from '@unnoise/core';
import { DPMSolverMultistepScheduler } from './index.ts';

registry.add(DPMSolverMultistepScheduler);
