import { backendCases, exactCases, testBackend } from '@unnoise/conformance';
import * as web from 'onnxruntime-web';
import { describe, it } from 'vitest';

import { createOrtBackend, createOrtGraphBackend } from '../src/index.ts';
import { graphsOnCpu, onCpu } from './in-node.ts';

const cases = [...backendCases(), ...exactCases()];

/** Without the wrappers, which do not look at where tensors lie. */
const plain = cases.filter(({ id }) => /^backend(-exact)?\//.test(id));

testBackend({ name: 'ort, node', create: async () => onCpu() }, { describe, it }, cases);
testBackend({ name: 'onnx-graph, node', create: async () => graphsOnCpu() }, { describe, it }, cases);
testBackend({ name: 'ort, web', create: async () => createOrtBackend(web) }, { describe, it }, plain);
testBackend(
  {
    name: 'onnx-graph, web (wasm)',
    create: async () => createOrtGraphBackend(web, { session: { executionProviders: ['wasm'] } }),
  },
  { describe, it },
  plain,
);
