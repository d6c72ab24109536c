import { testScheduler } from '@unnoise/conformance';
import { SCMScheduler } from '../src/index.ts';

testScheduler(SCMScheduler);
