// A kernel is plain data: all that core tells a backend about a computation. It says nothing of schedulers, coefficients or sizes,
// so 50 steps of a scheduler need one compiled kernel.

import type { DType } from './tensor/types.ts';

/** Elementwise operations; the only ones that fuse. Their meaning is the reference backend's (core/src/reference). */
export type MapOp =
  | 'linear' // args a1..an; params c1..cn or c1..cn,bias: ((c1*a1 + c2*a2) + ...) + bias. No args: the constant `bias`.
  | 'mul' // a * b
  | 'div' // a / b
  | 'clamp' // params lo, hi: min(max(a, lo), hi); NaN stays NaN
  | 'max' // larger of a, b; NaN if either is
  | 'min'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'abs'
  | 'eq' // bool
  | 'where' // c ? a : b
  | 'cast'; // to the dtype of the result: int32 drops the fraction, bool is "not 0", float16 is rounded

/** Operations over an axis or on layout; each is a kernel of its own. */
export type ReduceOp = 'sum' | 'amax' | 'amin';
export type OpName = MapOp | ReduceOp | 'argmax' | 'concat' | 'slice' | 'transpose';

/**
 * One operation of a map kernel. `args` index values: first the inputs, then the results of earlier ops. `params` index the params vector.
 * Arguments are all float, all int32 or all bool (beside the condition of `where`): core inserts casts. Both float types compute in
 * float32; float16 is rounded only where it is stored and by `cast`. int32 parameters are whole; what overflows int32 is not defined.
 */
export interface KernelOp {
  readonly fn: MapOp;
  readonly args: readonly number[];
  readonly params: readonly number[];
  readonly dtype: DType;
}

/** Map kernels: `dims[d]` says whether the input extends along dimension d of `sizes`, else it is broadcast (stride 0). Elsewhere empty. */
export interface InputSpec {
  readonly dtype: DType;
  readonly dims: readonly boolean[];
}

export interface OutputSpec {
  readonly dtype: DType;
  /** Index of the value that this output stores (map kernels); 0 elsewhere. */
  readonly value: number;
}

/**
 * kind and `sizes` passed at run time (always run-time numbers, never part of `key`):
 * - map: the output's shape with neighbouring dimensions merged wherever no input needs them apart; an all-contiguous kernel has one.
 * - reduce (`reduce` names it) and argmax: [outer, axis, inner], output [outer, inner]. In order along the axis; sums start from 0, in
 *   float32 also for float16; amax and amin give NaN if there is one; argmax gives int32, the first maximum, NaN counting as one.
 * - concat: [outer, inner, a1, ..., an], the n inputs are [outer, ai, inner].
 * - slice: [outer, axis, inner, start, length].
 * - transpose: [d1, ..., dr, p1, ..., pr]: output dimension i is input dimension p_i.
 */
export type KernelKind = 'map' | 'reduce' | 'argmax' | 'concat' | 'slice' | 'transpose';

export interface Kernel {
  /** Structure only: kind, ops, arity, dtypes, broadcast pattern. Equal keys mean equal kernels; a backend caches by it. */
  readonly key: string;
  readonly kind: KernelKind;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly ops: readonly KernelOp[];
  readonly reduce?: ReduceOp;
}
