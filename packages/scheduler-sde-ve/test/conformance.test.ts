import { testScheduler } from '@unnoise/conformance';
import { ScoreSdeVeScheduler } from '../src/index.ts';

testScheduler(ScoreSdeVeScheduler);
