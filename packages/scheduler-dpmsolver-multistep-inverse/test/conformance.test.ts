import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMSolverMultistepInverseScheduler } from '../src/index.ts';

testScheduler(DPMSolverMultistepInverseScheduler);
