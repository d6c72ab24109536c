import { testScheduler } from '@unnoise/conformance';
import { TCDScheduler } from '../src/index.ts';

testScheduler(TCDScheduler);
