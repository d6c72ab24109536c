import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { SASolverScheduler } from '../src/index.ts';

testScheduler(SASolverScheduler);
