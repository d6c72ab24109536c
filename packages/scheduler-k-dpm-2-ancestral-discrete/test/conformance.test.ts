import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { KDPM2AncestralDiscreteScheduler } from '../src/index.ts';

testScheduler(KDPM2AncestralDiscreteScheduler);
