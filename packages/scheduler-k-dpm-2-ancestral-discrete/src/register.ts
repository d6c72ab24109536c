import { registry } from '@unnoise/core';
import { KDPM2AncestralDiscreteScheduler } from './index.ts';

registry.add(KDPM2AncestralDiscreteScheduler);
