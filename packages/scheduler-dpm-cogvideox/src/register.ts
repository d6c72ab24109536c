import { registry } from '@unnoise/core';
import { CogVideoXDPMScheduler } from './index.ts';

registry.add(CogVideoXDPMScheduler);
