import { registry } from '@unnoise/core';
import { FlowMatchLCMScheduler } from './index.ts';

registry.add(FlowMatchLCMScheduler);
