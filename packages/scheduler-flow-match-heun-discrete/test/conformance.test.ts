import { testScheduler } from '@unnoise/conformance';
import { FlowMatchHeunDiscreteScheduler } from '../src/index.ts';

testScheduler(FlowMatchHeunDiscreteScheduler);
