// Sessions of ONNX Runtime, one at a time: its WebGPU provider refuses a second session while one is being made, and its
// asyncify build a second run while one is under way. Everything of this package that awaits the runtime waits for its turn here.

import type { OrtSessionOptions } from './runtime.ts';

const tails = new WeakMap<object, Promise<unknown>>();

/** Starts `action` when all earlier ones on this runtime have ended, however they ended. */
export function inTurn<T>({ InferenceSession }: SessionMaker<unknown>, action: () => Promise<T>): Promise<T> {
  const before = tails.get(InferenceSession) ?? Promise.resolve();
  const mine = before.then(action);
  tails.set(
    InferenceSession,
    mine.catch(() => undefined),
  );
  return mine;
}

/** The part of a runtime that makes sessions, of whatever type they are there. */
export interface SessionMaker<S> {
  readonly InferenceSession: { create(model: Uint8Array, options?: OrtSessionOptions): Promise<S> };
}

/** Opens a model in its turn. Use it for your own models too, beside a backend of this package on the WebGPU provider. */
export function createSession<S>(runtime: SessionMaker<S>, model: Uint8Array, options?: OrtSessionOptions): Promise<S> {
  return inTurn(runtime, () => runtime.InferenceSession.create(model, options));
}
