import { testScheduler } from '@unnoise/conformance';
import { DDPMWuerstchenScheduler } from '../src/index.ts';

testScheduler(DDPMWuerstchenScheduler);
