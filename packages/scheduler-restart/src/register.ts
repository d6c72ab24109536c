import { registry } from '@unnoise/core';
import { RestartScheduler } from './index.ts';

registry.add(RestartScheduler);
