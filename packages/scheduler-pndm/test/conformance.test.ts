import { testScheduler } from '@unnoise/conformance';
import { PNDMScheduler } from '../src/index.ts';

testScheduler(PNDMScheduler);
