import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { LMSDiscreteScheduler } from '../src/index.ts';

testScheduler(LMSDiscreteScheduler);
