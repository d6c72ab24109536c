import { registry } from '@unnoise/core';
import { LMSDiscreteScheduler } from './index.ts';

registry.add(LMSDiscreteScheduler);
