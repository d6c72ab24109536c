import { registry } from '@unnoise/core';
import { CMStochasticIterativeScheduler } from './index.ts';

registry.add(CMStochasticIterativeScheduler);
