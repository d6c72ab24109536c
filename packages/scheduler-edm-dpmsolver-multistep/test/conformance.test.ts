import { testScheduler } from '@unnoise/conformance';
import { EDMDPMSolverMultistepScheduler } from '../src/index.ts';

testScheduler(EDMDPMSolverMultistepScheduler);
