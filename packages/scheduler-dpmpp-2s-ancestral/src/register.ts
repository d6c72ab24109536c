import { registry } from '@unnoise/core';
import { DPMPP2SAncestralScheduler } from './index.ts';

registry.add(DPMPP2SAncestralScheduler);
