import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { KDPM2DiscreteScheduler } from '../src/index.ts';

testScheduler(KDPM2DiscreteScheduler);
