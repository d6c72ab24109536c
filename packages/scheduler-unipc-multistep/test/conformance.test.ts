import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { UniPCMultistepScheduler } from '../src/index.ts';

testScheduler(UniPCMultistepScheduler);
