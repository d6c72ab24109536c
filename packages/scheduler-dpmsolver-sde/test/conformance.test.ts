import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMSolverSDEScheduler } from '../src/index.ts';

testScheduler(DPMSolverSDEScheduler);
