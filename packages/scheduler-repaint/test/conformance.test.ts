import { testScheduler } from '@unnoise/conformance';
import { RePaintScheduler } from '../src/index.ts';

testScheduler(RePaintScheduler);
