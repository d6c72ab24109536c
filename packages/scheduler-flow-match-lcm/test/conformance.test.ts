import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { FlowMatchLCMScheduler } from '../src/index.ts';

testScheduler(FlowMatchLCMScheduler);
