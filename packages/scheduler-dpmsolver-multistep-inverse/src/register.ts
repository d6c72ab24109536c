import { registry } from '@unnoise/core';
import { DPMSolverMultistepInverseScheduler } from './index.ts';

registry.add(DPMSolverMultistepInverseScheduler);
