// The one error class of unnoise. Its marker survives duplicated copies of core, so test with isDiffusionError, not instanceof.

/** Stable codes; a program may switch on them. */
export type ErrorCode =
  | 'CONFIG_INVALID' // a config value or a config file that cannot be used
  | 'CONFIG_CONFLICT' // two config values or arguments that exclude each other
  | 'REQUEST_INVALID' // arguments of setTimesteps, start or step that cannot be used
  | 'SCHEDULER_UNKNOWN' // no scheduler of that name is registered
  | 'DUPLICATE_NAME' // another class already has that name
  | 'TIMESTEPS_NOT_SET' // step before setTimesteps, where upstream demands it
  | 'TIMESTEP_NOT_IN_PLAN' // the timestep is not one of the schedule's
  | 'RUN_EXHAUSTED' // a step past the end of the schedule
  | 'NUMERIC' // upstream would give NaN, Infinity or crash here
  | 'GENERATOR_REQUIRED' // noise is needed and no generator was given
  | 'DEPENDENCY_MISSING' // an optional package is needed
  | 'FILE_NOT_FOUND' // a file or folder that was asked for is not there
  | 'MODEL_INVALID' // a model whose inputs, outputs or layout do not fit
  | 'OP_UNSUPPORTED' // the backend does not declare this operation
  | 'DTYPE_UNSUPPORTED' // the backend or operation does not take this dtype
  | 'SHAPE_MISMATCH' // shapes that do not fit together
  | 'BACKEND_MISMATCH' // tensors of two backends in one expression
  | 'DISPOSED' // a tensor or run was used after dispose
  | 'OUT_OF_MEMORY' // the backend's memory is full and cannot grow
  | 'DEVICE_FAILED' // the device refused or failed a command, so results are lost
  | 'DEVICE_LOST'; // the device of the backend is gone

const MARKER: symbol = Symbol.for('unnoise.DiffusionError');

/** What unnoise throws. The message says what happened, with values, then what to do. */
export class DiffusionError extends Error {
  override readonly name: string = 'DiffusionError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    Object.defineProperty(this, MARKER, { value: true });
  }
}

/** True for a DiffusionError of any copy of core; with `code`, only for that code. */
export function isDiffusionError(error: unknown, code?: ErrorCode): error is DiffusionError {
  return (
    typeof error === 'object' &&
    error !== null &&
    MARKER in error &&
    (code === undefined || (error as DiffusionError).code === code)
  );
}
