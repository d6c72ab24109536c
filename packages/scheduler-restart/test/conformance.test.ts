import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { RestartScheduler } from '../src/index.ts';

testScheduler(RestartScheduler);
