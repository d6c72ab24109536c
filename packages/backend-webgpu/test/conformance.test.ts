import { testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { backendInNode, hasAdapter } from './gpu.ts';

const where = hasAdapter ? describe : describe.skip;

testBackend({ name: 'webgpu in Node', create: backendInNode }, { describe: where, it });
