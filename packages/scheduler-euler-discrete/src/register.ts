import { registry } from '@unnoise/core';
import { EulerDiscreteScheduler } from './index.ts';

registry.add(EulerDiscreteScheduler);
