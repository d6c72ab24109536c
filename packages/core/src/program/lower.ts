// Lowering: from an expression graph to a program. Groups become kernels, cut where the backend's declared limits demand it.
// Pure: no buffer, no coefficient, no device.

import type { Capabilities } from '../backend.ts';
import { isConstant } from '../tensor/expression.ts';
import type { Node } from '../tensor/node.ts';
import { aroundAxis } from '../tensor/shape.ts';
import type { DType, Shape } from '../tensor/types.ts';
import { checkDeclared, type Chunk, cut, type FusedOp } from './capability.ts';
import { collapse } from './collapse.ts';
import { groupingOf, isMap, isSource } from './grouping.ts';
import { intern } from './intern.ts';
import type { Kernel, KernelKind, MapOp, ReduceOp } from './kernel.ts';
import type { Program, Step } from './program.ts';
import { trace } from './trace.ts';

/** The program that computes `roots`. Errors: OP_UNSUPPORTED, DTYPE_UNSUPPORTED. */
export function lower(roots: readonly Node[], capabilities: Capabilities): Program {
  return lowerTrace(trace(roots), roots, capabilities);
}

/** `lower` for a graph that has just been traced. */
export function lowerTrace(order: readonly Node[], roots: readonly Node[], capabilities: Capabilities): Program {
  for (const node of order) checkDeclared(node, capabilities);
  const { groups, escaping } = groupingOf(order, roots);
  const lowering = new Lowering(order, capabilities, (id) => escaping.has(id));
  for (const group of groups) lowering.lowerGroup(group);
  return lowering.program(roots);
}

/** A value while lowering: a node's, or one that lowering added. Its id is its place in the list of values. */
interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The buffer, once there is one. A view uses that of its base. */
  slot?: number;
  readonly base?: number;
}

class Lowering {
  private readonly capabilities: Capabilities;
  private readonly escapes: (id: number) => boolean;
  private readonly values: Value[];
  private readonly sources: readonly number[];
  /** Where the parameters of each node start among the numbers of the expression; place 0 holds the constant 1. */
  private readonly offsets: number[] = [];
  private readonly steps: Omit<Step, 'frees'>[] = [];
  private slots = 0;

  constructor(order: readonly Node[], capabilities: Capabilities, escapes: (id: number) => boolean) {
    this.capabilities = capabilities;
    this.escapes = escapes;
    this.values = order.map(valueOf);
    this.sources = order.filter(isSource).map((node) => node.index);
    for (const id of this.sources) this.values[id]!.slot = this.slots++;
    let offset = 1;
    for (const { params } of order) {
      this.offsets.push(offset);
      offset += params.length;
    }
  }

  program(roots: readonly Node[]): Program {
    const results = roots.map((root) => this.slotOf(root.index));
    return { sources: this.sources, steps: withFrees(this.steps, results), results };
  }

  lowerGroup(group: readonly Node[]): void {
    const node = group[0]!;
    if (isMap(node)) this.lowerMap(group, node.shape);
    else if (node.op === 'concat') this.lowerConcat(node);
    else this.lowerLayout(node);
  }

  private lowerMap(group: readonly Node[], shape: Shape): void {
    const ops: FusedOp[] = [];
    const constants = new Map<Node, number>();
    for (const node of group) {
      const args = node.args.map((arg) => (isConstant(arg) ? this.inlined(arg, shape, ops, constants) : arg.index));
      const op = { id: node.index, fn: node.op as MapOp, dtype: node.dtype, args, params: this.paramsOf(node) };
      if (op.fn === 'linear') this.pushLinear(op, shape, ops);
      else ops.push(op);
    }
    for (const chunk of cut(ops, this.escapes, this.capabilities)) this.emitMap(chunk, shape);
  }

  private inlined(constant: Node, shape: Shape, ops: FusedOp[], known: Map<Node, number>): number {
    let id = known.get(constant);
    if (id === undefined) {
      known.set(constant, (id = this.addValue(shape, constant.dtype)));
      ops.push({ id, fn: 'linear', dtype: constant.dtype, args: [], params: this.paramsOf(constant) });
    }
    return id;
  }

  /** More terms than one kernel may read become a chain of partial sums. Going on with coefficient 1 keeps every rounding. */
  private pushLinear(sum: FusedOp, shape: Shape, ops: FusedOp[]): void {
    const most = this.mostInputs();
    const dtype = sum.dtype === 'float16' ? 'float32' : sum.dtype;
    let { args, params } = sum;
    while (args.length > most) {
      const id = this.addValue(shape, dtype);
      ops.push({ id, fn: 'linear', dtype, args: args.slice(0, most), params: params.slice(0, most) });
      args = [id, ...args.slice(most)];
      params = [ONE, ...params.slice(most)];
    }
    ops.push({ ...sum, args, params });
  }

  private emitMap({ ops, inputs, outputs }: Chunk, shape: Shape): void {
    const place = new Map([...inputs, ...ops.map((op) => op.id)].map((id, i) => [id, i]));
    const params: number[] = [];
    const kernelOps = ops.map(({ fn, dtype, ...op }) => ({
      fn,
      args: op.args.map((id) => place.get(id)!),
      params: op.params.map((number) => params.push(number) - 1),
      dtype,
    }));
    const { sizes, dims } = collapse(shape, inputs.map((id) => this.values[id]!.shape));
    const kernel = intern({
      kind: 'map',
      inputs: inputs.map((id, i) => ({ dtype: this.values[id]!.dtype, dims: dims[i]! })),
      outputs: outputs.map((id) => ({ dtype: this.values[id]!.dtype, value: place.get(id)! })),
      ops: kernelOps,
    });
    this.emit(kernel, inputs, outputs, sizes, params);
  }

  private lowerLayout({ op, args, layout, shape, index }: Node): void {
    const from = args[0]!;
    const [axis, start] = layout as [number, number];
    const around = aroundAxis(from.shape, axis);
    if (op === 'transpose') this.emitLayout(op, [from.index], index, [...from.shape, ...layout]);
    else if (op === 'slice') this.emitLayout(op, [from.index], index, [...around, start, shape[axis]!]);
    else if (op === 'argmax') this.emitLayout(op, [from.index], index, around);
    else this.emitLayout('reduce', [from.index], index, around, op as ReduceOp);
  }

  private lowerConcat({ args, layout, shape, dtype, index }: Node): void {
    const axis = layout[0]!;
    const sizeOf = (id: number): number => this.values[id]!.shape[axis]!;
    const join = (parts: readonly number[], to: number): void => {
      const [outer, , inner] = aroundAxis(shape, axis);
      this.emitLayout('concat', parts, to, [outer, inner, ...parts.map(sizeOf)]);
    };
    let parts = args.map((arg) => arg.index);
    for (const most = this.mostInputs(); parts.length > most; ) {
      const head = parts.slice(0, most);
      const total = head.reduce((sum, id) => sum + sizeOf(id), 0);
      const id = this.addValue(shape.with(axis, total), dtype);
      join(head, id);
      parts = [id, ...parts.slice(most)];
    }
    join(parts, index);
  }

  private emitLayout(kind: KernelKind, from: readonly number[], to: number, sizes: readonly number[], reduce?: ReduceOp): void {
    const inputs = from.map((id) => ({ dtype: this.values[id]!.dtype, dims: [] }));
    const outputs = [{ dtype: this.values[to]!.dtype, value: 0 }];
    this.emit(intern({ kind, inputs, outputs, ops: [], ...(reduce && { reduce }) }), from, [to], sizes, []);
  }

  private emit(kernel: Kernel, from: readonly number[], to: readonly number[], sizes: readonly number[], params: readonly number[]): void {
    const inputs = from.map((id) => this.slotOf(id));
    const outputs = to.map((id) => (this.values[id]!.slot = this.slots++));
    this.steps.push({ kernel, inputs, outputs, sizes, params });
  }

  private slotOf(id: number): number {
    const { slot, base } = this.values[id]!;
    return base === undefined ? slot! : this.slotOf(base);
  }

  private addValue(shape: Shape, dtype: DType): number {
    return this.values.push({ shape, dtype }) - 1;
  }

  private paramsOf(node: Node): readonly number[] {
    return node.params.map((_, i) => this.offsets[node.index]! + i);
  }

  /** Inputs of one kernel beside its output; at least two, or sums could not be split. */
  private mostInputs(): number {
    return Math.max(2, this.capabilities.maxBuffers - 1);
  }
}

/** Place of the 1 among the numbers of an expression. */
const ONE = 0;

function valueOf({ op, shape, dtype, args }: Node): Value {
  return op === 'view' ? { shape, dtype, base: args[0]!.index } : { shape, dtype };
}

/** Adds to each step the slots that it uses last; results stay. */
function withFrees(steps: readonly Omit<Step, 'frees'>[], results: readonly number[]): readonly Step[] {
  const last = new Map<number, number>();
  steps.forEach((step, i) => [...step.inputs, ...step.outputs].forEach((slot) => last.set(slot, i)));
  for (const slot of results) last.delete(slot);
  return steps.map((step, i) => ({ ...step, frees: [...last.keys()].filter((slot) => last.get(slot) === i) }));
}
