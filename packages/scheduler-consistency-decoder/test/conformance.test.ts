import { testScheduler } from '@unnoise/conformance';
import { ConsistencyDecoderScheduler } from '../src/index.ts';

testScheduler(ConsistencyDecoderScheduler);
