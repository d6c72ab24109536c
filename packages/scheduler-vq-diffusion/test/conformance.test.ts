import { testScheduler } from '@unnoise/conformance';
import { VQDiffusionScheduler } from '../src/index.ts';

testScheduler(VQDiffusionScheduler);
