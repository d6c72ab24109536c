import { registry } from '@unnoise/core';
import { SCMScheduler } from './index.ts';

registry.add(SCMScheduler);
