// Reductions, argmax, concat, slice and transpose: every axis, odd sizes, empty ones, ties and special values.

import type { Backend, DType, OpName, Shape, Tensor } from '@unnoise/core';
import { concat } from '@unnoise/core';
import type { Capability, Case } from '../case.ts';
import { caseId } from '../case.ts';
import { FLUSH, sumBound } from '../tolerances.ts';
import type { OpCaseOptions } from './one-op.ts';
import { opCase } from './one-op.ts';
import type { Input } from './values.ts';
import { SPECIAL, floats, input } from './values.ts';

const NUMBERS: readonly DType[] = ['float32', 'float16', 'int32'];
const ALL: readonly DType[] = ['float32', 'float16', 'int32', 'bool'];

const SHAPES: Readonly<Record<string, readonly [shape: Shape, axis: number]>> = {
  first: [[5, 3, 7], 0],
  middle: [[2, 13, 9], 1],
  last: [[3, 4, 65], 2],
  one: [[3, 1, 2], 1],
  whole: [[129], 0],
  long: [[2, 5000], 1],
  'many-rows': [[3000, 5], 1],
  'zero-size': [[0, 3], 1],
};

type Reduction = 'sum' | 'amax' | 'amin' | 'argmax';

const SPECS: Readonly<Record<Reduction, string>> = {
  sum: 'sum adds along an axis; an empty one gives 0',
  amax: 'amax is the largest along an axis, NaN if there is one',
  amin: 'amin is the smallest along an axis, NaN if there is one',
  argmax: 'argmax is the place of the first largest; a NaN counts as largest',
};

function* reductionCases(op: Reduction): Iterable<Case<Backend>> {
  for (const dtype of NUMBERS) {
    for (const [axis, [shape, at]] of Object.entries(SHAPES)) {
      if (axis === 'long' && dtype === 'int32') continue;
      yield reductionCase(op, { dtype, axis }, () => [input(3, shape, dtype)], at);
    }
    if (op === 'sum') yield reductionCase(op, { dtype, axis: 'empty' }, () => [input(3, [3, 0], dtype)], 1);
    yield reductionCase(op, { dtype, layout: 'released' }, () => [input(3, [4, 5], dtype)], 1, { release: true });
    if (dtype !== 'int32') yield reductionCase(op, { dtype, values: 'special' }, () => [specialRows(dtype)], 1);
  }
  if (op === 'argmax' || op === 'amax') yield reductionCase(op, { dtype: 'int32', values: 'ties' }, () => [ties()], 1);
}

function reductionCase(
  op: Reduction,
  parameters: { dtype: DType; [key: string]: string | number },
  inputs: () => readonly Input[],
  axis: number,
  how: Partial<OpCaseOptions> = {},
): Case<Backend> {
  const { dtype } = parameters;
  const needs: Capability[] = [`op:${op}`, `dtype:${dtype}`, ...(op === 'argmax' ? (['dtype:int32'] as const) : [])];
  let bound = 0;
  return opCase(caseId(`backend/reduce/${op}`, parameters), needs, inputs, {
    ...how,
    spec: SPECS[op],
    expression([x]) {
      bound = sumBound(x!.shape[axis]!);
      return [x![op](axis)];
    },
    ...(op === 'sum' &&
      dtype !== 'int32' && {
        magnitude: ([x]: readonly Tensor[]) => [x!.abs().sum(axis)],
        bound: (_: number, magnitude: number) => bound * magnitude + FLUSH,
      }),
  });
}

/** Each special value among ordinary ones, in every place of a row of three. */
function specialRows(dtype: DType): Input {
  const rows = SPECIAL.flatMap((x) => [
    [x, 1, -2],
    [1, x, -2],
    [1, -2, x],
    [x, x, x],
  ]);
  return { ...floats(rows.flat(), dtype), shape: [rows.length, 3] };
}

function ties(): Input {
  const rows = [
    [1, 3, 3, 2],
    [5, 5, 5, 5],
    [-1, -2, -1, -3],
    [0, 0, 7, 7],
  ];
  return { data: Int32Array.from(rows.flat()), shape: [4, 4], dtype: 'int32' };
}

interface LayoutSpec {
  readonly op: OpName;
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly build: (inputs: readonly Tensor[]) => Tensor;
}

const LAYOUTS: readonly LayoutSpec[] = [
  {
    op: 'concat',
    name: 'first',
    shapes: [
      [2, 3],
      [4, 3],
    ],
    build: (parts) => concat(parts, 0),
  },
  {
    op: 'concat',
    name: 'middle',
    shapes: [
      [2, 3, 5],
      [2, 1, 5],
      [2, 4, 5],
    ],
    build: (parts) => concat(parts, 1),
  },
  {
    op: 'concat',
    name: 'last',
    shapes: [
      [3, 7],
      [3, 2],
    ],
    build: (parts) => concat(parts, 1),
  },
  {
    op: 'concat',
    name: 'zero-size',
    shapes: [
      [3, 0],
      [3, 2],
    ],
    build: (parts) => concat(parts, 1),
  },
  { op: 'concat', name: 'alias', shapes: [[3, 5]], build: ([x]) => concat([x!, x!, x!], 0) },
  {
    op: 'concat',
    name: 'many',
    shapes: Array.from({ length: 20 }, (_, i) => [2, i + 1]),
    build: (parts) => concat(parts, 1),
  },
  { op: 'slice', name: 'first', shapes: [[5, 3]], build: ([x]) => x!.slice(0, 1, 3) },
  { op: 'slice', name: 'middle', shapes: [[2, 7, 3]], build: ([x]) => x!.slice(1, 2, 4) },
  { op: 'slice', name: 'last', shapes: [[3, 65]], build: ([x]) => x!.slice(1, 64, 1) },
  { op: 'slice', name: 'zero-size', shapes: [[3, 5]], build: ([x]) => x!.slice(1, 5, 0) },
  { op: 'slice', name: 'large', shapes: [[3, 40_001]], build: ([x]) => x!.slice(1, 1, 40_000) },
  { op: 'transpose', name: 'matrix', shapes: [[5, 13]], build: ([x]) => x!.transpose([1, 0]) },
  { op: 'transpose', name: 'channels-last', shapes: [[2, 3, 4, 5]], build: ([x]) => x!.transpose([0, 2, 3, 1]) },
  { op: 'transpose', name: 'reverse', shapes: [[2, 3, 1, 5, 2]], build: ([x]) => x!.transpose([4, 3, 2, 1, 0]) },
  { op: 'transpose', name: 'same', shapes: [[3, 5]], build: ([x]) => x!.transpose([0, 1]) },
  { op: 'transpose', name: 'zero-size', shapes: [[0, 5]], build: ([x]) => x!.transpose([1, 0]) },
];

function* layoutCases(): Iterable<Case<Backend>> {
  for (const { op, name, shapes, build } of LAYOUTS) {
    for (const dtype of ALL) {
      const inputs = () => shapes.map((shape, i) => input(i + 1, shape, dtype));
      const options = {
        spec: `${op} moves elements and changes none`,
        expression: (given: readonly Tensor[]) => [build(given)],
      };
      yield opCase(
        caseId(`backend/layout/${op}`, { dtype, at: name }),
        [`op:${op}`, `dtype:${dtype}`],
        inputs,
        options,
      );
    }
  }
}

/** All cases of operations along an axis. */
export function* axisCases(): Iterable<Case<Backend>> {
  for (const op of ['sum', 'amax', 'amin', 'argmax'] as const) yield* reductionCases(op);
  yield* layoutCases();
}
