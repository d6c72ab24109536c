// A sampler on the backend: the recorded runs of diffusers' DDIM, computed by ndarray. The operations are tested by the command line.
import { describe, it } from 'node:test';
import { testScheduler } from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { createNdarrayBackend } from './ndarray-backend.js';

testScheduler({ scheduler: DDIMScheduler, backend: async () => createNdarrayBackend() }, { describe, it });
