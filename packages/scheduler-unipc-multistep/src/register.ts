import { registry } from '@unnoise/core';
import { UniPCMultistepScheduler } from './index.ts';

registry.add(UniPCMultistepScheduler);
