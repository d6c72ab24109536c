import { registry } from '@unnoise/core';
import { UnCLIPScheduler } from './index.ts';

registry.add(UnCLIPScheduler);
