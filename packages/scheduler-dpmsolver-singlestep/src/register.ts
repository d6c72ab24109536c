import { registry } from '@unnoise/core';
import { DPMSolverSinglestepScheduler } from './index.ts';

registry.add(DPMSolverSinglestepScheduler);
