import { registry } from '@unnoise/core';
import { DDPMWuerstchenScheduler } from './index.ts';

registry.add(DDPMWuerstchenScheduler);
