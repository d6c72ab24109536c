import { registry } from '@unnoise/core';
import { EDMDPMSolverMultistepScheduler } from './index.ts';

registry.add(EDMDPMSolverMultistepScheduler);
