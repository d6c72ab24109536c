// The operators of each elementwise operation, with core's meaning to the bit: every operation rounded on its own, NaN kept. Where
// runtimes differ (NaN in Clip, Max, Min and Exp, the ends of Log), comparisons pick the result.

import type { DType, KernelOp } from '@unnoise/core';

import type { Graph } from './graph.ts';

/** What a value is computed as: float16 is a storage type. */
export type Computed = 'float32' | 'int32' | 'bool';

export const computedType = (dtype: DType): Computed => (dtype === 'float16' ? 'float32' : dtype);

/** An operation in terms of a graph's values. */
export interface Spelt {
  readonly op: KernelOp;
  readonly args: readonly string[];
  readonly types: readonly Computed[];
  /** Scalars or vectors of one element, float32. */
  readonly params: readonly string[];
}

const PLAIN = { mul: 'Mul', div: 'Div', sqrt: 'Sqrt', abs: 'Abs', eq: 'Equal' } as const;

/** Adds an operation to the graph and gives its value. */
export function spell(graph: Graph, { op, args, types, params }: Spelt): string {
  const numbers = op.dtype === 'int32' ? params.map((param) => graph.cast(param, 'int32')) : params;
  const [a, b, c] = args as [string, string, string];
  switch (op.fn) {
    case 'linear':
      return linear(graph, args, numbers);
    case 'clamp':
      return clamp(graph, a, numbers as [string, string]);
    case 'max':
      return extremum(graph, 'Less', a, b);
    case 'min':
      return extremum(graph, 'Greater', a, b);
    case 'exp':
      return graph.node('Where', [isNaN(graph, a), a, graph.node('Exp', [a])]);
    case 'log':
      return log(graph, a);
    case 'where':
      return types[1] === 'bool' ? choose(graph, a, b, c) : graph.node('Where', [a, b, c]);
    case 'cast':
      return cast(graph, a, op.dtype);
    default:
      return graph.node(PLAIN[op.fn], args);
  }
}

/** ((c1*a1 + c2*a2) + ...) + bias. */
function linear(graph: Graph, args: readonly string[], numbers: readonly string[]): string {
  const products = args.map((arg, i) => graph.node('Mul', [numbers[i]!, arg]));
  return [...products, ...numbers.slice(args.length)].reduce((sum, term) => graph.node('Add', [sum, term]));
}

/** By comparison, as torch: NaN and the sign of a zero stay. */
function clamp(graph: Graph, x: string, [lo, hi]: readonly [string, string]): string {
  const raised = graph.node('Where', [graph.node('Less', [x, lo]), lo, x]);
  return graph.node('Where', [graph.node('Less', [hi, raised]), hi, raised]);
}

/** `b` where it goes beyond `a` or is NaN itself; a NaN `a` goes beyond nothing, and stays. */
function extremum(graph: Graph, beyond: 'Less' | 'Greater', a: string, b: string): string {
  const replaced = graph.node('Or', [graph.node(beyond, [a, b]), isNaN(graph, b)]);
  return graph.node('Where', [replaced, b, a]);
}

/** On GPUs a logarithm may be anything outside its domain and at its ends. */
function log(graph: Graph, x: string): string {
  const zero = graph.scalar(0);
  const steps: readonly (readonly [where: string, result: string])[] = [
    [graph.node('Equal', [x, zero]), graph.scalar(-Infinity)],
    [graph.node('Equal', [x, graph.scalar(Infinity)]), x],
    [graph.node('Not', [graph.node('GreaterOrEqual', [x, zero])]), graph.scalar(Number.NaN)],
  ];
  return steps.reduce((y, [where, result]) => graph.node('Where', [where, result, y]), graph.node('Log', [x]));
}

/** True where a value does not equal itself. */
export function isNaN(graph: Graph, x: string): string {
  return graph.node('Not', [graph.node('Equal', [x, x])]);
}

/** `where` between bools, which runtimes do not take. */
function choose(graph: Graph, condition: string, a: string, b: string): string {
  const otherwise = graph.node('And', [graph.node('Not', [condition]), b]);
  return graph.node('Or', [graph.node('And', [condition, a]), otherwise]);
}

/** A cast to float16 is the one place inside a kernel where a value is rounded to half precision. */
function cast(graph: Graph, x: string, dtype: DType): string {
  return dtype === 'float16'
    ? graph.cast(graph.cast(graph.cast(x, 'float32'), 'float16'), 'float32')
    : graph.cast(x, dtype);
}
