// The one side effect of this package: tensors that were never given a backend use WebGPU. Fails to load where there is none.

import { setDefaultBackend } from '@unnoise/core';

import { createWebGpuBackend } from './index.ts';

setDefaultBackend(await createWebGpuBackend());
