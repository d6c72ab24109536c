// The default backend of unnoise: fused WebAssembly SIMD kernels on the CPU, core's interpreter where WebAssembly is not allowed.

import { createCpuBackend } from './backend.ts';
import type { CpuBackend } from './types.ts';

export { createCpuBackend } from './backend.ts';
export type { CpuAllocation, CpuBackend, CpuOptions, CpuStats } from './types.ts';

/** The instance that programs share. It claims no memory before its first use. */
export const cpu: CpuBackend = /* @__PURE__ */ createCpuBackend();
