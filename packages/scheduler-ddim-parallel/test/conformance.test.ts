import { testScheduler } from '@unnoise/conformance';
import { DDIMParallelScheduler } from '../src/index.ts';

testScheduler(DDIMParallelScheduler);
