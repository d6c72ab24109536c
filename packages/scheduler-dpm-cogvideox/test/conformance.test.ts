import { testScheduler } from '@unnoise/conformance';
import { CogVideoXDPMScheduler } from '../src/index.ts';

testScheduler(CogVideoXDPMScheduler);
