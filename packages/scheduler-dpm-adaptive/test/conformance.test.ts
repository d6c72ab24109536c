import { testScheduler } from '@unnoise/conformance';
import { DPMAdaptiveScheduler } from '../src/index.ts';

testScheduler(DPMAdaptiveScheduler);
