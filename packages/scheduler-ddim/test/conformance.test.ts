import { testScheduler } from '@unnoise/conformance';
import { DDIMScheduler } from '../src/index.ts';

testScheduler(DDIMScheduler);
