// Everything public in core. Import what you need: nothing here has a side effect, and what is unused is shaken off.

export type { Backend, BackendStats, Capabilities, Handle } from './backend.ts';
export * from './config/index.ts';
export { DiffusionError, isDiffusionError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export * from './program/index.ts';
export * from './random/index.ts';
export * from './schedule/index.ts';
export * from './scheduler/index.ts';
export * from './tensor/index.ts';
export { setWarningHandler, warn } from './warn.ts';
