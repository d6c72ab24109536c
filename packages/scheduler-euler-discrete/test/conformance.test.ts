import { testScheduler } from '@unnoise/conformance';
import { EulerDiscreteScheduler } from '../src/index.ts';

testScheduler(EulerDiscreteScheduler);
