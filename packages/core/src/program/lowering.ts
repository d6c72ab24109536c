// Lowering: from an expression graph to a program. Groups become kernels, cut where the backend's declared limits demand it.
// Pure: no buffer, no coefficient, no device.

import type { Capabilities } from '../backend.ts';
import { isConstant } from '../tensor/expression.ts';
import type { Node } from '../tensor/node.ts';
import { aroundAxis, collapse } from '../tensor/shape.ts';
import type { DType, Shape } from '../tensor/types.ts';
import { checkDeclared, type Chunk, type Cut, type FusedOp, ONE } from './capability.ts';
import { groupingOf, isMap, isSource } from './grouping.ts';
import { intern } from './intern.ts';
import type { Kernel, MapOp, ReduceOp } from '../kernel.ts';
import type { Program, Step } from './program.ts';

/** The program for a graph that has just been traced. Undefined where a group has to be cut and `by` cannot. */
export function lowerTrace(order: Nodes, roots: Nodes, capabilities: Capabilities, by: Cut): Program | undefined {
  for (const node of order) checkDeclared(node, capabilities);
  const { groups, escaping } = groupingOf(order, roots);
  const lowering = new Lowering(order, capabilities);
  const like = (id: number, dtype: DType): number => lowering.like(id, dtype);
  for (const group of groups) {
    if (!isMap(group[0]!)) lowering.lowerLayout(group[0]!);
    else if (!lowering.lowerMap(group, (ops) => by({ ops, escaping, like }, capabilities))) return undefined;
  }
  return lowering.program(roots);
}

type Nodes = readonly Node[];

/** A value while lowering: a node's, or one that lowering adds. Its id is its place in the list of values. */
interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Places of its parameters among the numbers of the expression. */
  readonly params: readonly number[];
  /** For a view, the value whose buffer it uses. */
  readonly base?: number;
  /** Its buffer, once there is one. */
  slot?: number;
}

class Lowering {
  /** Inputs of one kernel beside its output; at least two, or nothing could be joined. */
  readonly #mostInputs: number;
  readonly #values: Value[];
  readonly #sources: readonly number[];
  readonly #steps: Omit<Step, 'frees'>[] = [];
  #slots = 0;

  constructor(order: Nodes, { maxBuffers }: Capabilities) {
    this.#mostInputs = Math.max(2, maxBuffers - 1);
    this.#values = valuesOf(order);
    this.#sources = order.filter(isSource).map((node) => node.index);
    for (const id of this.#sources) this.#values[id]!.slot = this.#slots++;
  }

  program(roots: Nodes): Program {
    const results = roots.map((root) => this.#slotOf(root.index));
    return { sources: this.#sources, steps: withFrees(this.#steps, results), results };
  }

  /** False where `cut` cannot make kernels of the group. */
  lowerMap(group: Nodes, cut: (ops: readonly FusedOp[]) => readonly Chunk[] | undefined): boolean {
    const { shape } = group[0]!;
    const ops: FusedOp[] = [];
    const constants = new Map<number, number>();
    for (const { index: id, op, dtype, args } of group) {
      const ids = args.map((arg) => (isConstant(arg) ? this.#constant(arg.index, shape, ops, constants) : arg.index));
      ops.push({ id, fn: op as MapOp, dtype, args: ids, params: this.#values[id]!.params });
    }
    const chunks = cut(ops);
    for (const chunk of chunks ?? []) this.#emitMap(chunk, shape);
    return chunks !== undefined;
  }

  /** The value that a constant has in this group. */
  #constant(id: number, shape: Shape, ops: FusedOp[], known: Map<number, number>): number {
    const { dtype, params } = this.#values[id]!;
    const copy = known.get(id) ?? this.#addValue(shape, dtype);
    if (!known.has(id)) ops.push({ id: copy, fn: 'linear', dtype, args: [], params });
    known.set(id, copy);
    return copy;
  }

  #emitMap({ ops, inputs, outputs }: Chunk, shape: Shape): void {
    const place = new Map([...inputs, ...ops.map((op) => op.id)].map((id, i) => [id, i]));
    const params: number[] = [];
    const shapes = inputs.map((id) => this.#values[id]!.shape);
    const { sizes, dims } = collapse(shape, shapes);
    const kernel = intern({
      kind: 'map',
      inputs: inputs.map((id, i) => ({ dtype: this.#values[id]!.dtype, dims: dims[i]! })),
      outputs: outputs.map((id) => ({ dtype: this.#values[id]!.dtype, value: place.get(id)! })),
      ops: ops.map(({ fn, dtype, ...op }) => {
        const args = op.args.map((id) => place.get(id)!);
        return { fn, args, params: op.params.map((number) => params.push(number) - 1), dtype };
      }),
    });
    this.#emit({ kernel, inputs, outputs, sizes, params });
  }

  lowerLayout({ op, layout, args, shape, index }: Node): void {
    const from = args.map((arg) => arg.index);
    const given = args[0]!.shape;
    const [axis, start] = layout as [number, number];
    const around = aroundAxis(given, axis);
    if (op === 'concat') this.#lowerConcat(from, index, axis);
    else if (op === 'transpose') this.#emitLayout({ kind: op }, from, index, [...given, ...layout]);
    else if (op === 'slice') this.#emitLayout({ kind: op }, from, index, [...around, start, shape[axis]!]);
    else if (op === 'argmax') this.#emitLayout({ kind: op }, from, index, around);
    else this.#emitLayout({ kind: 'reduce', reduce: op as ReduceOp }, from, index, around);
  }

  #lowerConcat(parts: readonly number[], to: number, axis: number): void {
    const most = this.#mostInputs;
    const { shape, dtype } = this.#values[to]!;
    const lengths = parts.map((id) => this.#values[id]!.shape[axis]!);
    if (parts.length > most) {
      const joined = lengths.slice(0, most).reduce((sum, size) => sum + size);
      const id = this.#addValue(shape.with(axis, joined), dtype);
      this.#lowerConcat(parts.slice(0, most), id, axis);
      return this.#lowerConcat([id, ...parts.slice(most)], to, axis);
    }
    const [outer, , inner] = aroundAxis(shape, axis);
    this.#emitLayout({ kind: 'concat' }, parts, to, [outer, inner, ...lengths]);
  }

  #emitLayout(what: Pick<Kernel, 'kind' | 'reduce'>, from: readonly number[], to: number, sizes: Shape): void {
    const inputs = from.map((id) => ({ dtype: this.#values[id]!.dtype, dims: [] }));
    const outputs = [{ dtype: this.#values[to]!.dtype, value: 0 }];
    const kernel = intern({ ...what, inputs, outputs, ops: [] });
    this.#emit({ kernel, inputs: from, outputs: [to], sizes, params: [] });
  }

  /** Adds a step whose inputs and outputs are given as values. */
  #emit(step: Omit<Step, 'frees'>): void {
    const inputs = step.inputs.map((id) => this.#slotOf(id));
    const outputs = step.outputs.map((id) => (this.#values[id]!.slot = this.#slots++));
    this.#steps.push({ ...step, inputs, outputs });
  }

  #slotOf(id: number): number {
    const { slot, base } = this.#values[id]!;
    return base === undefined ? slot! : this.#slotOf(base);
  }

  like(id: number, dtype: DType): number {
    return this.#addValue(this.#values[id]!.shape, dtype);
  }

  #addValue(shape: Shape, dtype: DType): number {
    return this.#values.push({ shape, dtype, params: [] }) - 1;
  }
}

function valuesOf(order: Nodes): Value[] {
  let place = ONE + 1;
  return order.map(({ op, shape, dtype, args, params }) => {
    const value = { shape, dtype, params: params.map(() => place++) };
    return op === 'view' ? { ...value, base: args[0]!.index } : value;
  });
}

/** Adds to each step the slots that it uses last; results stay. */
function withFrees(steps: readonly Omit<Step, 'frees'>[], results: readonly number[]): readonly Step[] {
  const last = new Map(steps.flatMap(({ inputs, outputs }, at) => [...inputs, ...outputs].map((slot) => [slot, at])));
  for (const slot of results) last.delete(slot);
  const frees: number[][] = steps.map(() => []);
  for (const [slot, at] of last) frees[at]!.push(slot);
  return steps.map((step, at) => ({ ...step, frees: frees[at]! }));
}
