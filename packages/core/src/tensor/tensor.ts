// Tensor: an immutable value, perhaps not computed yet. Its methods are thin sugar over expression.ts (building) and
// realize.ts (computing).

import type { Backend } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import {
  castNode,
  clampNode,
  divNode,
  eqNode,
  extremumNode,
  linearNode,
  mulNode,
  reduceNode,
  sameNode,
  sliceNode,
  transposeNode,
  unaryNode,
  unsqueezeNode,
  viewNode,
} from './expression.ts';
import type { Node } from './node.ts';
import { read, realize } from './realize.ts';
import { text } from './shape.ts';
import type { DType, Shape, TypedArray } from './types.ts';

/**
 * An n-dimensional value: host data, a buffer on a backend, or an expression over such. Operations broadcast as in numpy and
 * only extend the expression; `realize` computes. Numbers fold into the expression and never promote a dtype.
 *
 * Who owns what: a realised tensor owns a share of its buffer until `dispose`. An expression owns nothing: it must be realised
 * while the tensors that it was built from are alive, else DISPOSED. Host data that takes part in an expression is uploaded for
 * that computation only; `realize` it to keep it on the backend.
 */
export class Tensor {
  private readonly value: Node;
  private gone = false;

  /** For core: tensors are made by `tensor`, `adopt` and operations. */
  constructor(node: Node) {
    node.owners++;
    this.value = node;
  }

  get shape(): Shape {
    return this.value.shape;
  }

  get dtype(): DType {
    return this.value.dtype;
  }

  /** Undefined while the tensor consists only of host data; then the default backend will compute it. */
  get backend(): Backend | undefined {
    return this.value.backend;
  }

  get disposed(): boolean {
    return this.gone;
  }

  /** The node of the expression graph, for `lower`. Throws DISPOSED. */
  get node(): Node {
    if (this.gone) throw disposedError(this.value);
    return this.value;
  }

  add(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === 'number' ? linearNode([1], [this.node], other) : linearNode([1, 1], [this.node, other.node]),
    );
  }

  sub(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === 'number' ? linearNode([1], [this.node], -other) : linearNode([1, -1], [this.node, other.node]),
    );
  }

  mul(other: Tensor | number): Tensor {
    return new Tensor(typeof other === 'number' ? linearNode([other], [this.node]) : mulNode(this.node, other.node));
  }

  /** By a number: multiplies by its reciprocal, computed in float64. Whole numbers become float32. */
  div(other: Tensor | number): Tensor {
    return new Tensor(divNode(this.node, operand(other)));
  }

  neg(): Tensor {
    return new Tensor(linearNode([-1], [this.node]));
  }

  /** min(max(x, lo), hi); NaN stays NaN. */
  clamp(lo: number, hi: number): Tensor {
    return new Tensor(clampNode(this.node, lo, hi));
  }

  exp(): Tensor {
    return new Tensor(unaryNode('exp', this.node));
  }

  log(): Tensor {
    return new Tensor(unaryNode('log', this.node));
  }

  sqrt(): Tensor {
    return new Tensor(unaryNode('sqrt', this.node));
  }

  abs(): Tensor {
    return new Tensor(unaryNode('abs', this.node));
  }

  /** Elementwise; NaN if either is NaN. */
  maximum(other: Tensor | number): Tensor {
    return new Tensor(extremumNode('max', this.node, operand(other)));
  }

  minimum(other: Tensor | number): Tensor {
    return new Tensor(extremumNode('min', this.node, operand(other)));
  }

  /** Elementwise equality, as bool. */
  eq(other: Tensor | number): Tensor {
    return new Tensor(eqNode(this.node, operand(other)));
  }

  /** Float to int32 drops the fraction; anything but 0 is true. */
  cast(dtype: DType): Tensor {
    return this.derived(castNode(this.node, dtype));
  }

  /** Sum over an axis, which disappears. */
  sum(axis: number): Tensor {
    return new Tensor(reduceNode('sum', this.node, axis));
  }

  /** Largest element along an axis, which disappears; NaN if there is one. */
  amax(axis: number): Tensor {
    return new Tensor(reduceNode('amax', this.node, axis));
  }

  amin(axis: number): Tensor {
    return new Tensor(reduceNode('amin', this.node, axis));
  }

  /** Index of the first largest element along an axis, which disappears; int32. A NaN counts as largest. */
  argmax(axis: number): Tensor {
    return new Tensor(reduceNode('argmax', this.node, axis));
  }

  /** The same elements in another shape, without a copy; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return this.derived(viewNode(this.node, shape));
  }

  unsqueeze(axis: number): Tensor {
    return new Tensor(unsqueezeNode(this.node, axis));
  }

  slice(axis: number, start: number, length: number): Tensor {
    return this.derived(sliceNode(this.node, axis, start, length));
  }

  /** Dimension i of the result is dimension `permutation[i]` of this tensor. */
  transpose(permutation: readonly number[]): Tensor {
    return new Tensor(transposeNode(this.node, permutation));
  }

  /** Computes this tensor in one program and drops its graph. */
  async realize(): Promise<this> {
    await realize(this);
    return this;
  }

  /** Realises and reads back: the only way to host. The array belongs to the tensor if that is host data: do not write to it. */
  data(): Promise<TypedArray> {
    return read(this);
  }

  /** Another owner of the same buffer or expression. */
  clone(): Tensor {
    return new Tensor(this.node);
  }

  /** Where an operation changes nothing, its result is still an expression of its own: it must not share this tensor's buffer unasked. */
  private derived(node: Node): Tensor {
    return new Tensor(node === this.value ? sameNode(node) : node);
  }

  /** Gives up this tensor's share of its buffer; the last owner frees it. A second call does nothing. */
  dispose(): void {
    if (this.gone) return;
    this.gone = true;
    this.value.disown();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const operand = (x: Tensor | number): Node | number => (typeof x === 'number' ? x : x.node);

function disposedError(node: Node): DiffusionError {
  const message = `a ${node.dtype} tensor of shape ${text(node.shape)} was used after dispose(); clone() it to keep another owner`;
  return new DiffusionError('DISPOSED', message, { shape: node.shape, dtype: node.dtype });
}
