// Sessions of ONNX Runtime, one at a time: its WebGPU provider refuses a second session while one is being made, and its
// asyncify build a second run while one is under way. Everything of this package that awaits the runtime waits for its turn here.

import type { OrtRuntime, OrtSession, OrtSessionOptions } from './runtime.ts';

const tails = new WeakMap<object, Promise<unknown>>();

/** Starts `action` when all earlier ones on this runtime have ended, however they ended. */
export function inTurn<T>({ InferenceSession }: OrtRuntime, action: () => Promise<T>): Promise<T> {
  const before = tails.get(InferenceSession) ?? Promise.resolve();
  const mine = before.then(action);
  tails.set(
    InferenceSession,
    mine.catch(() => undefined),
  );
  return mine;
}

/** Opens a model in its turn. Use it for your own models too, beside a backend of this package on the WebGPU provider. */
export function createSession(
  runtime: OrtRuntime,
  model: Uint8Array,
  options?: OrtSessionOptions,
): Promise<OrtSession> {
  return inTurn(runtime, () => runtime.InferenceSession.create(model, options));
}
