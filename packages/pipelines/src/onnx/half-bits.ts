// onnxruntime-node 1.30 cannot read a Float16Array, but uses that type wherever the platform has it (Node 24).

import type { OnnxRuntime } from './runtime.ts';

const settled = new WeakSet<OnnxRuntime>();
type Platform = { Float16Array?: unknown; process?: { versions?: { node?: string } } };

/**
 * Makes the runtime take float16 as bits in Node, as it does in Node 20: it picks its array types when its first tensor is made,
 * so one is made while Float16Array is out of sight. Browsers are left as they are; a tensor made before decides for itself.
 */
export function useHalfBits(runtime: OnnxRuntime): void {
  const platform = globalThis as Platform;
  if (settled.has(runtime) || !platform.process?.versions?.node || !platform.Float16Array) return;
  settled.add(runtime);
  const { Float16Array } = platform;
  delete platform.Float16Array;
  try {
    const first = new runtime.Tensor('float32' as never, new Float32Array(1) as never, [1]);
    first.dispose?.();
  } finally {
    Object.defineProperty(platform, 'Float16Array', { value: Float16Array, writable: true, configurable: true });
  }
}
