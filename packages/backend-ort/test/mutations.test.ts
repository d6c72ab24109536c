// Planted faults in the ONNX graphs: for each the conformance case that must notice.

import { backendCases, runCases } from '@unnoise/conformance';
import * as ort from 'onnxruntime-node';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createOrtGraphBackend } from '../src/index.ts';
import { type Attributes, Graph } from '../src/onnx/graph.ts';

type Nodes = readonly [op: string, inputs: readonly string[], attributes: Attributes];
type Fault = (op: string, inputs: readonly string[], attributes: Attributes) => Nodes;

/** Another operator in the place of one. */
const instead =
  (of: string, other: string): Fault =>
  (op, inputs, attributes) => [op === of ? other : op, inputs, attributes];

/** Other inputs or attributes for an operator. */
const changed =
  (of: string, change: (inputs: readonly string[], attributes: Attributes) => Nodes): Fault =>
  (op, inputs, attributes) =>
    op === of ? change(inputs, attributes) : [op, inputs, attributes];

const FAULTS: readonly (readonly [name: string, fault: Fault, caughtBy: string])[] = [
  ['sums subtract', instead('Add', 'Sub'), 'backend/map/linear:dtype=float32;n=2;layout=contiguous'],
  ['comparisons are turned around', instead('Less', 'Greater'), 'backend/map/clamp:dtype=float32;layout=contiguous'],
  ['NaN is taken for a number', instead('Not', 'Identity'), 'backend/map/max:dtype=float32;values=special'],
  [
    'the branches of where are swapped',
    changed('Where', ([c, a, b], rest) => ['Where', [c!, b!, a!], rest]),
    'backend/map/where:dtype=int32;layout=contiguous',
  ],
  ['where between bools ignores one branch', instead('Or', 'And'), 'backend/map/where:dtype=bool;layout=contiguous'],
  ['division multiplies', instead('Div', 'Mul'), 'backend/map/div:dtype=float32;layout=odd'],
  ['the root is left out', instead('Sqrt', 'Identity'), 'backend/map/sqrt:dtype=float32;layout=contiguous'],
  ['the sign stays', instead('Abs', 'Identity'), 'backend/map/abs:dtype=int32;layout=contiguous'],
  [
    'the mean is taken for the sum',
    changed('ReduceSum', ([x]) => ['ReduceMean', [x!], { axes: [1], keepdims: 0 }]),
    'backend/reduce/sum:dtype=float32;axis=middle',
  ],
  [
    'the minimum is taken for the maximum',
    instead('ReduceMax', 'ReduceMin'),
    'backend/reduce/amax:dtype=float32;axis=last',
  ],
  [
    'the last maximum wins',
    changed('ArgMax', (x, rest) => ['ArgMax', x, { ...rest, select_last_index: 1 }]),
    'backend/reduce/argmax:dtype=int32;values=ties',
  ],
  [
    'parts are joined along another axis',
    changed('Concat', (x) => ['Concat', x, { axis: 2 }]),
    'backend/layout/concat:dtype=float32;at=middle',
  ],
  [
    'a slice ends where it starts',
    changed('Slice', ([x, from, , axes]) => ['Slice', [x!, from!, from!, axes!], {}]),
    'backend/layout/slice:dtype=bool;at=middle',
  ],
  [
    'dimensions are not exchanged',
    changed('Transpose', ([x]) => ['Identity', [x!], {}]),
    'backend/layout/transpose:dtype=float16;at=matrix',
  ],
];

describe('a planted fault is caught', () => {
  const { node } = Graph.prototype;
  afterEach(() => void vi.restoreAllMocks());

  it.each(FAULTS)('%s', async (_, fault, caughtBy) => {
    vi.spyOn(Graph.prototype, 'node').mockImplementation(function (this: Graph, op, inputs, attributes = {}) {
      return node.apply(this, [...fault(op, inputs, attributes)] as Parameters<Graph['node']>);
    });
    const backend = createOrtGraphBackend(ort, { session: { intraOpNumThreads: 1, logSeverityLevel: 4 } });
    const { results } = await runCases(backendCases(), backend, { query: caughtBy });
    expect(results.length).toBeGreaterThan(0);
    expect(results.some(({ outcome }) => outcome === 'fail')).toBe(true);
  });

  it('and none where there is no fault', async () => {
    const queries = FAULTS.map(([, , caughtBy]) => caughtBy);
    for (const query of queries) {
      const { results } = await runCases(backendCases(), createOrtGraphBackend(ort), { query });
      expect(results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    }
  });
});
