// What backends and tools see of programs: kernels as data, and the pure function that makes them.

export type { InputSpec, Kernel, KernelKind, KernelOp, MapOp, OpName, OutputSpec, ReduceOp } from '../kernel.ts';
export { lower } from './lower.ts';
export type { Program, Step } from './program.ts';
