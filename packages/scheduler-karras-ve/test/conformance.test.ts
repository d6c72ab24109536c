import { testScheduler } from '@unnoise/conformance';
import { KarrasVeScheduler } from '../src/index.ts';

testScheduler(KarrasVeScheduler);
