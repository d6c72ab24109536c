import { registry } from '@unnoise/core';
import { SASolverScheduler } from './index.ts';

registry.add(SASolverScheduler);
