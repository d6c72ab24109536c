import { registry } from '@unnoise/core';
import { CogVideoXDDIMScheduler } from './index.ts';

registry.add(CogVideoXDDIMScheduler);
