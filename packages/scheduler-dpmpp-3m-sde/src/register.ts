import { registry } from '@unnoise/core';
import { DPMPP3MSDEScheduler } from './index.ts';

registry.add(DPMPP3MSDEScheduler);
