// Kernels as ONNX graphs. Buffers are vectors of their elements; the shapes that an operation needs are vectors of whole numbers,
// which are inputs of the graph where it serves every size, and constants where it serves one.

import type { DType, Kernel, KernelKind } from '@unnoise/core';

import type { Graph } from './graph.ts';
import { type Computed, computedType, isNaN, spell } from './operations.ts';

export type Sizes = readonly number[];

/** Gives the name of a vector of whole numbers that depends on the sizes of a run. */
export type SizeVector = (name: string, of: (sizes: Sizes) => Sizes) => string;

/** What a kernel's nodes are built from. */
export interface Source {
  readonly graph: Graph;
  readonly kernel: Kernel;
  /** One vector per input of the kernel, of its stored type. */
  readonly inputs: readonly string[];
  /** All parameters as one float32 vector; absent where there are none. */
  readonly params: string | undefined;
  readonly vector: SizeVector;
  /** Of this run. Only its rank matters, and the permutation of a transpose, which ONNX wants to know beforehand. */
  readonly sizes: Sizes;
}

/** Kernels of equal structure are the same graph: equal keys, and for a transpose the same order of dimensions. */
export function structureOf({ key, kind }: Kernel, sizes: Sizes): string {
  return kind === 'transpose' ? `${key} ${sizes.slice(sizes.length / 2).join()}` : key;
}

/** Adds a kernel to a graph; gives one vector per output, of its stored type. */
export function addKernel(source: Source): readonly string[] {
  return BUILDERS[source.kernel.kind](source);
}

type Builder = (source: Source) => readonly string[];

const BUILDERS: Readonly<Record<KernelKind, Builder>> = {
  map: (source) => new MapGraph(source).outputs(),
  reduce: (source) => [stored(source.graph, flat(source.graph, reduce(source)), source.kernel.outputs[0]!.dtype)],
  argmax: (source) => [flat(source.graph, argmax(source))],
  concat: (source) => [flat(source.graph, concat(source))],
  slice: (source) => [flat(source.graph, slice(source))],
  transpose: (source) => [flat(source.graph, transpose(source))],
};

const flat = (graph: Graph, value: string): string => graph.node('Reshape', [value, graph.whole([-1])]);

/** Results are float32 until they are stored. */
const stored = (graph: Graph, value: string, dtype: DType): string =>
  dtype === 'float16' ? graph.cast(value, 'float16') : value;

/** The elements in another shape. A size of 0 means 0 elements, not "as before". */
const shaped = (graph: Graph, value: string, shape: string): string =>
  graph.node('Reshape', [value, shape], { allowzero: 1 });

/** A value of a map kernel and the dimensions along which it extends. */
interface Value {
  readonly name: string;
  readonly type: Computed;
  readonly dims: readonly boolean[];
}

class MapGraph {
  readonly #source: Source;
  readonly #params: readonly string[];
  /** Dimensions; values of rank 0 and 1 need no shape. */
  readonly #rank: number;

  constructor(source: Source) {
    this.#source = source;
    this.#params = paramsOf(source);
    this.#rank = source.kernel.inputs[0]?.dims.length ?? 1;
  }

  outputs(): readonly string[] {
    const { kernel } = this.#source;
    const values = kernel.inputs.map((_, i) => this.#load(i));
    for (const op of kernel.ops) {
      const args = op.args.map((arg) => values[arg]!);
      const params = op.params.map((place) => this.#params[place]!);
      const [names, types] = [args.map(({ name }) => name), args.map(({ type }) => type)];
      const name = spell(this.#source.graph, { op, args: names, types, params });
      values.push({ name, type: computedType(op.dtype), dims: this.#union(args) });
    }
    return kernel.outputs.map(({ value, dtype }) => stored(this.#source.graph, this.#whole(values[value]!), dtype));
  }

  #union(args: readonly Value[]): readonly boolean[] {
    return Array.from({ length: this.#rank }, (_, d) => args.some(({ dims }) => dims[d]));
  }

  #load(index: number): Value {
    const { graph, kernel, inputs, vector } = this.#source;
    const { dtype, dims } = kernel.inputs[index]!;
    const wide = dtype === 'float16' ? graph.cast(inputs[index]!, 'float32') : inputs[index]!;
    const type = computedType(dtype);
    if (this.#rank < 2) return { name: wide, type, dims };
    const along = (sizes: Sizes): Sizes => sizes.map((size, d) => (dims[d] ? size : 1));
    return { name: shaped(graph, wide, vector(`shape_${dims.map(Number).join('')}`, along)), type, dims };
  }

  /** The value with all its elements, one after the other. */
  #whole({ name, dims }: Value): string {
    const { graph, vector } = this.#source;
    if (this.#rank < 2)
      return dims.every(Boolean) ? name : graph.node('Expand', [name, vector('length', (sizes) => [product(sizes)])]);
    return flat(graph, dims.every(Boolean) ? name : graph.node('Expand', [name, vector('shape', (sizes) => sizes)]));
  }
}

const product = (sizes: Sizes): number => sizes.reduce((a, b) => a * b, 1);

/** The parameters one by one. */
function paramsOf({ graph, kernel, params }: Source): readonly string[] {
  return params ? split(graph, params, Array<number>(paramCount(kernel)).fill(1)) : [];
}

/** A GPU kernel may have eight buffers: one that splits has seven results. */
const MOST_PIECES = 7;

/** Consecutive pieces of a vector, of these lengths. */
export function split(graph: Graph, vector: string, lengths: Sizes): readonly string[] {
  if (lengths.length < 2) return [vector];
  const share = Math.max(1, Math.ceil(lengths.length / MOST_PIECES));
  const groups: Sizes[] = [];
  for (let i = 0; i < lengths.length; i += share) groups.push(lengths.slice(i, i + share));
  const pieces = graph.nodes('Split', [vector, graph.whole(groups.map(sum))], groups.length, { axis: 0 });
  return groups.flatMap((group, i) => split(graph, pieces[i]!, group));
}

const sum = (sizes: Sizes): number => sizes.reduce((a, b) => a + b, 0);

export const paramCount = ({ ops }: Kernel): number => ops.reduce((sum, { params }) => sum + params.length, 0);

/** The input of a kernel along an axis as [outer, axis, inner], in the type it is computed in. */
function lines({ graph, kernel, inputs, vector }: Source): string {
  const wide = kernel.inputs[0]!.dtype === 'float16' ? graph.cast(inputs[0]!, 'float32') : inputs[0]!;
  return shaped(
    graph,
    wide,
    vector('lines', (sizes) => sizes.slice(0, 3)),
  );
}

const REDUCE = { amax: 'ReduceMax', amin: 'ReduceMin' } as const;
const AXIS = { axes: [1], keepdims: 0 } as const;

function reduce(source: Source): string {
  const { graph, kernel } = source;
  const x = lines(source);
  if (kernel.reduce === 'sum') return graph.node('ReduceSum', [x, graph.whole([1])], { keepdims: 0 });
  const found = graph.node(REDUCE[kernel.reduce!], [x], AXIS);
  return kernel.inputs[0]!.dtype === 'int32'
    ? found
    : graph.node('Where', [anyNaN(graph, x), graph.scalar(Number.NaN), found]);
}

/** Whether each line holds a NaN, about which the maximum of runtimes says nothing. */
function anyNaN(graph: Graph, x: string): string {
  return graph.cast(graph.node('ReduceMax', [graph.cast(isNaN(graph, x), 'float32')], AXIS), 'bool');
}

/** The first maximum; the first NaN where there is one. */
function argmax(source: Source): string {
  const { graph, kernel } = source;
  const x = lines(source);
  const first = (value: string): string => graph.node('ArgMax', [value], { axis: 1, keepdims: 0 });
  if (kernel.inputs[0]!.dtype === 'int32') return graph.cast(first(x), 'int32');
  const firstNaN = first(graph.cast(isNaN(graph, x), 'float32'));
  return graph.cast(graph.node('Where', [anyNaN(graph, x), firstNaN, first(x)]), 'int32');
}

/** Moves bits: no type is converted on the way. */
function concat({ graph, inputs, vector }: Source): string {
  const shape = vector('parts', ([outer = 1, inner = 1]) => [outer, -1, inner]);
  const parts = inputs.map((input) => graph.node('Reshape', [input, shape]));
  return graph.node('Concat', parts, { axis: 1 });
}

function slice({ graph, inputs, vector }: Source): string {
  const x = shaped(
    graph,
    inputs[0]!,
    vector('lines', (sizes) => sizes.slice(0, 3)),
  );
  const start = vector('start', (sizes) => [sizes[3]!]);
  const end = vector('end', (sizes) => [sizes[3]! + sizes[4]!]);
  return graph.node('Slice', [x, start, end, graph.whole([1])]);
}

function transpose({ graph, inputs, vector, sizes }: Source): string {
  const rank = sizes.length / 2;
  const x = shaped(
    graph,
    inputs[0]!,
    vector('shape', (all) => all.slice(0, rank)),
  );
  return graph.node('Transpose', [x], { perm: sizes.slice(rank) });
}
