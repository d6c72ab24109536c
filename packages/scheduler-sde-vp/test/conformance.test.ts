import { testScheduler } from '@unnoise/conformance';
import { ScoreSdeVpScheduler } from '../src/index.ts';

testScheduler(ScoreSdeVpScheduler);
