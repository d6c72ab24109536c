import { testScheduler } from '@unnoise/conformance';
import { UnCLIPScheduler } from '../src/index.ts';

testScheduler(UnCLIPScheduler);
