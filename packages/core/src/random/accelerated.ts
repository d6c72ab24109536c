// Whether torch's normals are computed by WebAssembly: once that was asked for and has come. The numbers are the same bits either way, so it
// may come at any time.

export interface Accelerated {
  /** The next state of MT19937, in place, and its words as they are read. */
  twist(state: Int32Array, output: Uint32Array): void;
  /** Normals for whole blocks; `fill` is asked for the words of some at a time, in order. */
  normals(out: Float32Array, fill: (words: Uint32Array) => void): void;
}

export let accelerated: Accelerated | undefined;
let asked: Promise<void> | undefined;

/** Loads it, for draws to come. Never rejects: without it, numbers are only slower. */
export function accelerate(): Promise<void> {
  return (asked ??= load().catch(() => undefined));
}

async function load(): Promise<void> {
  const wasm = await import('./normal-wasm.ts');
  accelerated = wasm.accelerate();
}
