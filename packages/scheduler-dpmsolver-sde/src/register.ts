import { registry } from '@unnoise/core';
import { DPMSolverSDEScheduler } from './index.ts';

registry.add(DPMSolverSDEScheduler);
