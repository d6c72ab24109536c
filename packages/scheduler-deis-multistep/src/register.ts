import { registry } from '@unnoise/core';
import { DEISMultistepScheduler } from './index.ts';

registry.add(DEISMultistepScheduler);
