import { backendCases, exactCases, testBackend } from '@unnoise/conformance';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { describe, it } from 'vitest';

import { createOrtBackend, createOrtGraphBackend } from '../src/index.ts';

const cases = [...backendCases(), ...exactCases()];

/** Without the wrappers, which do not look at where tensors lie. */
const plain = cases.filter(({ id }) => /^backend(-exact)?\//.test(id));
const session = { intraOpNumThreads: 1, executionProviders: ['cpu'] };

testBackend({ name: 'ort, node', create: async () => createOrtBackend(node) }, { describe, it }, cases);
testBackend(
  { name: 'onnx-graph, node', create: async () => createOrtGraphBackend(node, { session }) },
  { describe, it },
  cases,
);
testBackend({ name: 'ort, web', create: async () => createOrtBackend(web) }, { describe, it }, plain);
testBackend(
  {
    name: 'onnx-graph, web (wasm)',
    create: async () => createOrtGraphBackend(web, { session: { executionProviders: ['wasm'] } }),
  },
  { describe, it },
  plain,
);
