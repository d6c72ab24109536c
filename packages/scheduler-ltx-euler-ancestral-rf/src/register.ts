import { registry } from '@unnoise/core';
import { LTXEulerAncestralRFScheduler } from './index.ts';

registry.add(LTXEulerAncestralRFScheduler);
