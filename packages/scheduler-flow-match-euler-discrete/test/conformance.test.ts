import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { FlowMatchEulerDiscreteScheduler } from '../src/index.ts';

testScheduler(FlowMatchEulerDiscreteScheduler);
