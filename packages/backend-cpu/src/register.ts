// The one side effect of this package: tensors that were never given a backend use the CPU one.

import { setDefaultBackend } from '@unnoise/core';

import { cpu } from './index.ts';

setDefaultBackend(cpu);
