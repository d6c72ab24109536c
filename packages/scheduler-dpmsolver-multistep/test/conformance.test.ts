import { testScheduler } from '@unnoise/conformance';
import { DPMSolverMultistepScheduler } from '../src/index.ts';

testScheduler(DPMSolverMultistepScheduler);
