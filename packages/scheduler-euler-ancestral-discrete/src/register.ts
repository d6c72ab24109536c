import { registry } from '@unnoise/core';
import { EulerAncestralDiscreteScheduler } from './index.ts';

registry.add(EulerAncestralDiscreteScheduler);
