import { registry } from '@unnoise/core';
import { FlowMatchHeunDiscreteScheduler } from './index.ts';

registry.add(FlowMatchHeunDiscreteScheduler);
