import { testScheduler } from '@unnoise/conformance';
import { LCMScheduler } from '../src/index.ts';

testScheduler(LCMScheduler);
