import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMSolverMultistepScheduler } from '../src/index.ts';

testScheduler(DPMSolverMultistepScheduler);
