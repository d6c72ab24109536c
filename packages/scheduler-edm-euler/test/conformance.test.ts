import { testScheduler } from '@unnoise/conformance';
import { EDMEulerScheduler } from '../src/index.ts';

testScheduler(EDMEulerScheduler);
