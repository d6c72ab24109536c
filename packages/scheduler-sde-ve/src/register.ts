import { registry } from '@unnoise/core';
import { ScoreSdeVeScheduler } from './index.ts';

registry.add(ScoreSdeVeScheduler);
