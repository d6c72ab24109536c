import { registry } from '@unnoise/core';
import { FlowMatchEulerDiscreteScheduler } from './index.ts';

registry.add(FlowMatchEulerDiscreteScheduler);
