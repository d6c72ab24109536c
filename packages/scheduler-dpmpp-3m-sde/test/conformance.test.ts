import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { DPMPP3MSDEScheduler } from '../src/index.ts';

testScheduler(DPMPP3MSDEScheduler);
