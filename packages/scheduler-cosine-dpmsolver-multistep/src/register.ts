import { registry } from '@unnoise/core';
import { CosineDPMSolverMultistepScheduler } from './index.ts';

registry.add(CosineDPMSolverMultistepScheduler);
