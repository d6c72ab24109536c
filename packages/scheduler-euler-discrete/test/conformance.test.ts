import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { EulerDiscreteScheduler } from '../src/index.ts';

testScheduler(EulerDiscreteScheduler);
