import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMPP2SAncestralScheduler } from '../src/index.ts';

testScheduler(DPMPP2SAncestralScheduler);
