import { testScheduler } from '@unnoise/conformance';
import { IPNDMScheduler } from '../src/index.ts';

testScheduler(IPNDMScheduler);
