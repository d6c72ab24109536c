import { testScheduler } from '@unnoise/conformance';
import { AmusedScheduler } from '../src/index.ts';

testScheduler(AmusedScheduler);
