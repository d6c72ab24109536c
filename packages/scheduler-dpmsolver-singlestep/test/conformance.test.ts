import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMSolverSinglestepScheduler } from '../src/index.ts';

testScheduler(DPMSolverSinglestepScheduler);
