import { testScheduler } from '@unnoise/conformance';
import { DDPMParallelScheduler } from '../src/index.ts';

testScheduler(DDPMParallelScheduler);
