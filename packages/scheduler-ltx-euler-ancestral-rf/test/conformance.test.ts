import { testScheduler } from '@unnoise/conformance';
import { LTXEulerAncestralRFScheduler } from '../src/index.ts';

testScheduler(LTXEulerAncestralRFScheduler);
