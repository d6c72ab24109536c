import { testScheduler } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { HeunDiscreteScheduler } from '../src/index.ts';

testScheduler(HeunDiscreteScheduler);
