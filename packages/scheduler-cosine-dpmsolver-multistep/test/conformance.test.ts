import { testScheduler } from '@unnoise/conformance';
import { CosineDPMSolverMultistepScheduler } from '../src/index.ts';

testScheduler(CosineDPMSolverMultistepScheduler);
