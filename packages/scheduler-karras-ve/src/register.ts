import { registry } from '@unnoise/core';
import { KarrasVeScheduler } from './index.ts';

registry.add(KarrasVeScheduler);
