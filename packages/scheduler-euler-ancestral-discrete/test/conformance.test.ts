import { testScheduler } from '@unnoise/conformance';
import { EulerAncestralDiscreteScheduler } from '../src/index.ts';

testScheduler(EulerAncestralDiscreteScheduler);
