import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DEISMultistepScheduler } from '../src/index.ts';

testScheduler(DEISMultistepScheduler);
