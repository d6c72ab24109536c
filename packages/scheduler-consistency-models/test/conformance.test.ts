import { testScheduler } from '@unnoise/conformance';
import { CMStochasticIterativeScheduler } from '../src/index.ts';

testScheduler(CMStochasticIterativeScheduler);
