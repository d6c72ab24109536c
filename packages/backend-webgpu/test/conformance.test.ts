import { testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { backendInNode, hasAdapter } from './gpu.ts';

if (hasAdapter) testBackend({ name: 'webgpu in Node', create: backendInNode }, { describe, it });
else it.skip('webgpu in Node: no adapter');
