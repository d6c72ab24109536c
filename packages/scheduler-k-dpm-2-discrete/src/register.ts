import { registry } from '@unnoise/core';
import { KDPM2DiscreteScheduler } from './index.ts';

registry.add(KDPM2DiscreteScheduler);
