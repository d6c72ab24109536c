import { backendCases, exactCases, testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { createCpuBackend } from '../src/index.ts';

const cases = [...backendCases(), ...exactCases()];

testBackend({ name: 'cpu', create: async () => createCpuBackend() }, { describe, it }, cases);
testBackend(
  { name: 'cpu without WebAssembly', create: async () => createCpuBackend({ wasm: false }) },
  { describe, it },
  cases,
);
