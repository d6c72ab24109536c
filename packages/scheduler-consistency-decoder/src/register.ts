import { registry } from '@unnoise/core';
import { ConsistencyDecoderScheduler } from './index.ts';

registry.add(ConsistencyDecoderScheduler);
