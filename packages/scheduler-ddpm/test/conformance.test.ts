import { testScheduler } from '@unnoise/conformance';
import { DDPMScheduler } from '../src/index.ts';

testScheduler(DDPMScheduler);
