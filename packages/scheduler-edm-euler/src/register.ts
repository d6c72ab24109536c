import { registry } from '@unnoise/core';
import { EDMEulerScheduler } from './index.ts';

registry.add(EDMEulerScheduler);
