import { registry } from '@unnoise/core';
import { HeunDiscreteScheduler } from './index.ts';

registry.add(HeunDiscreteScheduler);
