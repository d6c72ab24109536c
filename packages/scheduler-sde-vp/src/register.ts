import { registry } from '@unnoise/core';
import { ScoreSdeVpScheduler } from './index.ts';

registry.add(ScoreSdeVpScheduler);
