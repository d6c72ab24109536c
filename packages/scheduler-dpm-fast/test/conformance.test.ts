import { testScheduler } from '@unnoise/conformance';
import { DPMFastScheduler } from '../src/index.ts';

testScheduler(DPMFastScheduler);
