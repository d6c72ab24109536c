// What TensorFlow.js throws, as errors with a stable code. It has no error classes, so messages have to tell.

import { DiffusionError, type ErrorCode, isDiffusionError } from '@unnoise/core';

const KINDS: readonly (readonly [pattern: RegExp, code: ErrorCode, advice: string])[] = [
  [
    /not registered for backend/,
    'OP_UNSUPPORTED',
    'import a TensorFlow.js backend that has it, or use @unnoise/backend-cpu',
  ],
  [/is disposed|disposed data/, 'DISPOSED', 'keep tensors until the steps that use them are over'],
  [
    /context (was )?lost|device (is|was) lost|lost device/i,
    'DEVICE_LOST',
    'set up TensorFlow.js again, and start the run anew',
  ],
  [
    /out of memory|allocation failed|texture size|unable to create webgltexture|exceeds the max|larger than the max/i,
    'OUT_OF_MEMORY',
    'dispose of tensors, or use smaller batches',
  ],
];

/** Runs `action`; what TensorFlow.js throws for a known reason becomes a DiffusionError that has it as its cause. */
export function guarded<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translated(name, error);
  }
}

/** The error to throw in place of `error`; itself where the reason is unknown. */
export function translated(name: string, error: unknown): unknown {
  if (isDiffusionError(error) || !(error instanceof Error)) return error;
  const [, code, advice] = KINDS.find(([pattern]) => pattern.test(error.message)) ?? [];
  return code ? new DiffusionError(code, `${name}: ${error.message}; ${advice}`, { backend: name }, error) : error;
}
