import { testScheduler } from '@unnoise/conformance';
import { DDIMInverseScheduler } from '../src/index.ts';

testScheduler(DDIMInverseScheduler);
