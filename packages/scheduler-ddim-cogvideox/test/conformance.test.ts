import { testScheduler } from '@unnoise/conformance';
import { CogVideoXDDIMScheduler } from '../src/index.ts';

testScheduler(CogVideoXDDIMScheduler);
