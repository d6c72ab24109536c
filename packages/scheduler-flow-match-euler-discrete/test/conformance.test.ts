import { testScheduler } from '@unnoise/conformance';
import { FlowMatchEulerDiscreteScheduler } from '../src/index.ts';

testScheduler(FlowMatchEulerDiscreteScheduler);
