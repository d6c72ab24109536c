import { testBackend } from '@unnoise/conformance';
import { it } from 'vitest';

import { backendInNode, describeOnDriver } from './gpu.ts';

testBackend({ name: 'webgpu in Node', create: backendInNode }, { describe: describeOnDriver, it });
