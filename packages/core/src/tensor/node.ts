// The nodes of an expression graph and the buffers that realised nodes stand for. Building nodes is expression.ts; computing
// them is realize.ts. A node changes only once: when it is realised it becomes a leaf and forgets its arguments.

import type { Backend, Handle } from '../backend.ts';
import type { OpName } from '../kernel.ts';
import type { DType, Shape, TypedArray } from './types.ts';

/** `leaf` is a buffer, `host` an array that is not on a backend yet, `view` the same elements in another shape. */
export type NodeOp = 'leaf' | 'host' | 'view' | OpName;

/** No arguments or no numbers; shared, because most nodes lack one of them. */
export const NONE: readonly never[] = [];

/** A buffer of a backend and the number of its holders: leaves, and programs that are running on it. */
export class Storage {
  readonly backend: Backend;
  readonly handle: Handle;
  private holders = 1;

  constructor(backend: Backend, handle: Handle) {
    this.backend = backend;
    this.handle = handle;
  }

  retain(): this {
    this.holders++;
    return this;
  }

  drop(): void {
    if (--this.holders === 0) this.backend.release(this.handle);
  }
}

/** One value of an expression. Fields beyond `shape` and `dtype` are for core only. */
export class Node {
  op: NodeOp;
  readonly shape: Shape;
  readonly dtype: DType;
  args: readonly Node[];
  /** Run-time numbers: coefficients (and a bias) of `linear`, bounds of `clamp`. They never decide which kernel runs. */
  params: readonly number[];
  /** Whole numbers of the layout: the axis of a reduction, start and length of a slice, a permutation. */
  layout: readonly number[];
  /** The backend of the buffers below; undefined while there are none. */
  backend: Backend | undefined;
  /** The array of a `host` node. */
  data: TypedArray | undefined = undefined;
  /** The buffer of a `leaf`; undefined once disposed. */
  storage: Storage | undefined = undefined;
  /** True where sums take this linear piece as it is, rounded, instead of multiplying it out. */
  whole = false;
  /** Tensors that hold this node and are not disposed. */
  owners = 0;
  /** Scratch of `trace`: the walk that saw this node last, and its place in that walk. */
  walk = 0;
  index = 0;

  constructor(
    op: NodeOp,
    shape: Shape,
    dtype: DType,
    args: readonly Node[],
    params: readonly number[],
    layout: readonly number[],
    backend: Backend | undefined,
  ) {
    this.op = op;
    this.shape = shape;
    this.dtype = dtype;
    this.args = args;
    this.params = params;
    this.layout = layout;
    this.backend = backend;
  }

  /** Becomes a leaf on `storage`, which this node now holds, and drops its graph. */
  settle(storage: Storage): void {
    this.op = 'leaf';
    this.args = this.params = this.layout = NONE;
    this.data = undefined;
    this.storage = storage;
    this.backend = storage.backend;
  }

  /** One tensor less holds this node; after the last one its data is gone. */
  disown(): void {
    if (--this.owners > 0) return;
    this.storage?.drop();
    this.storage = this.data = undefined;
  }
}
