// Elementwise operations but linear: every operation by dtype and layout, against the float64 oracle. The table says what each must
// give and how exactly; the layouts are those of values.ts.

import type { Backend, DType, OpName, Tensor } from '@unnoise/core';
import { where } from '@unnoise/core';
import type { Capability, Case } from '../case.ts';
import { caseId } from '../case.ts';
import { FLUSH, LOG_NEAR_ONE, RELATIVE } from '../tolerances.ts';
import { linearCases } from './linear-cases.ts';
import { opCase } from './one-op.ts';
import type { Input, Range } from './values.ts';
import { BROADCAST_LAYOUTS, LAYOUTS, SPECIAL, floats, input, specials } from './values.ts';

interface MapSpec {
  readonly op: OpName;
  readonly arity: 1 | 2;
  readonly dtypes: readonly DType[];
  readonly range?: Range;
  readonly build: (a: Tensor, b: Tensor) => Tensor;
  /** Allowed distance from the exact result; absent: none. */
  readonly bound?: (exact: number) => number;
  readonly spec: string;
}

const FLOATS: readonly DType[] = ['float32', 'float16'];
const NUMBERS: readonly DType[] = ['float32', 'float16', 'int32'];
const ALL: readonly DType[] = ['float32', 'float16', 'int32', 'bool'];

const relative =
  (bound: number) =>
  (exact: number): number =>
    bound * Math.abs(exact) + FLUSH;

/** Relative, but absolute between 0.5 and 2, where the log crosses 0. */
const logBound = (exact: number): number =>
  Math.max(relative(RELATIVE.log)(exact), Math.abs(exact) < Math.LN2 ? LOG_NEAR_ONE : 0);

const MAPS: readonly MapSpec[] = [
  {
    op: 'mul',
    arity: 2,
    dtypes: NUMBERS,
    build: (a, b) => a.mul(b),
    bound: relative(RELATIVE.mul),
    spec: 'mul is a * b',
  },
  {
    op: 'div',
    arity: 2,
    dtypes: FLOATS,
    build: (a, b) => a.div(b),
    bound: relative(RELATIVE.div),
    spec: 'div is a / b',
  },
  {
    op: 'clamp',
    arity: 1,
    dtypes: NUMBERS,
    build: (a) => a.clamp(-1, 2),
    spec: 'clamp is min(max(a, lo), hi), and NaN stays NaN',
  },
  {
    op: 'max',
    arity: 2,
    dtypes: NUMBERS,
    build: (a, b) => a.maximum(b),
    spec: 'max is the larger, and NaN if either is',
  },
  {
    op: 'min',
    arity: 2,
    dtypes: NUMBERS,
    build: (a, b) => a.minimum(b),
    spec: 'min is the smaller, and NaN if either is',
  },
  { op: 'exp', arity: 1, dtypes: FLOATS, build: (a) => a.exp(), bound: relative(RELATIVE.exp), spec: 'exp is e^a' },
  {
    op: 'log',
    arity: 1,
    dtypes: FLOATS,
    range: 'positive',
    build: (a) => a.log(),
    bound: logBound,
    spec: 'log is natural; of a negative number NaN',
  },
  {
    op: 'sqrt',
    arity: 1,
    dtypes: FLOATS,
    range: 'positive',
    build: (a) => a.sqrt(),
    bound: relative(RELATIVE.sqrt),
    spec: 'sqrt of a negative number is NaN',
  },
  { op: 'abs', arity: 1, dtypes: NUMBERS, build: (a) => a.abs(), spec: 'abs drops the sign' },
  { op: 'eq', arity: 2, dtypes: ALL, build: (a, b) => a.eq(b), spec: 'eq is exact; NaN equals nothing' },
];

/** Operands that often meet in equal values, so that eq has something to find. */
function operands(
  { op, arity, range }: MapSpec,
  dtype: DType,
  shapes: readonly (readonly number[])[],
): readonly Input[] {
  const list = Array.from({ length: arity }, (_, i) => input(i + 1, shapes[i % shapes.length]!, dtype, range));
  if (op !== 'eq') return list;
  const rounded = (data: Input['data']): Input['data'] => (data instanceof Float32Array ? data.map(Math.round) : data);
  return list.map((one) => ({ ...one, data: rounded(one.data) }));
}

/** One cheap and one dear operation stand for all where only the size matters. */
const LARGE: readonly OpName[] = ['mul', 'exp'];

function* mapCases(spec: MapSpec): Iterable<Case<Backend>> {
  const { op, arity, dtypes, build, bound } = spec;
  const layouts = arity === 1 ? LAYOUTS : { ...LAYOUTS, ...BROADCAST_LAYOUTS };
  const expression = ([a, b]: readonly Tensor[]): readonly Tensor[] => [build(a!, b ?? a!)];
  const common = { expression, spec: spec.spec, ...(bound && { bound }) };
  const needs = (dtype: DType): Capability[] => [
    ...opNeeds(op),
    `dtype:${dtype}`,
    ...(op === 'eq' ? (['dtype:bool'] as const) : []),
  ];
  const path = `backend/map/${op}`;
  for (const dtype of dtypes) {
    for (const [layout, shapes] of Object.entries(layouts)) {
      if (layout === 'large' && (dtype !== 'float32' || !LARGE.includes(op))) continue;
      yield opCase(caseId(path, { dtype, layout }), needs(dtype), () => operands(spec, dtype, shapes), common);
    }
    const one = () => operands(spec, dtype, [[2, 3, 4, 4]]);
    if (arity === 2)
      yield opCase(caseId(path, { dtype, layout: 'alias' }), needs(dtype), () => one().slice(0, 1), common);
    yield opCase(caseId(path, { dtype, layout: 'released' }), needs(dtype), one, { ...common, release: true });
    yield opCase(caseId(path, { dtype, layout: 'host' }), needs(dtype), one, { ...common, host: true });
    if (FLOATS.includes(dtype)) {
      yield opCase(caseId(path, { dtype, values: 'special' }), needs(dtype), () => specials(arity, dtype), common);
    }
  }
}

const REQUIRED: readonly OpName[] = ['linear', 'mul', 'div', 'clamp'];
const opNeeds = (op: OpName): Capability[] => (REQUIRED.includes(op) ? [] : [`op:${op}`]);

function* whereCases(): Iterable<Case<Backend>> {
  for (const dtype of ALL) {
    for (const [layout, shapes] of Object.entries({ ...LAYOUTS, ...BROADCAST_LAYOUTS })) {
      if (layout === 'large' && dtype !== 'float32') continue;
      const inputs = () => [
        input(7, shapes.at(-1)!, 'bool'),
        input(1, shapes[0]!, dtype),
        input(2, shapes.at(-1)!, dtype),
      ];
      yield opCase(
        caseId('backend/map/where', { dtype, layout }),
        ['op:where', 'dtype:bool', `dtype:${dtype}`],
        inputs,
        {
          spec: 'where takes a where the condition holds, else b',
          expression: ([c, a, b]) => [where(c!, a!, b!)],
        },
      );
    }
  }
  const pick = {
    spec: 'where takes one side only: NaN and infinities of the other do not leak',
    expression: ([c, a]: readonly Tensor[]) => [where(c!, a!, 0)],
  };
  const inputs = () => [{ ...input(7, [SPECIAL.length], 'bool') }, floats(SPECIAL, 'float32')];
  yield opCase(
    caseId('backend/map/where', { dtype: 'float32', values: 'special' }),
    ['op:where', 'dtype:bool'],
    inputs,
    pick,
  );
}

function* castCases(): Iterable<Case<Backend>> {
  for (const from of ALL) {
    for (const to of ALL) {
      if (from === to) continue;
      const needs: Capability[] = ['op:cast', `dtype:${from}`, `dtype:${to}`];
      const parameters = { from, dtype: to };
      const common = {
        expression: ([a]: readonly Tensor[]) => [a!.cast(to)],
        spec: 'cast drops the fraction of what becomes int32; all but 0 is true',
      };
      yield opCase(caseId('backend/map/cast', parameters), needs, () => [input(1, [5, 13], from)], common);
      const special = () => [floats(to === 'int32' ? SPECIAL.filter(Number.isFinite) : SPECIAL, from)];
      if (FLOATS.includes(from))
        yield opCase(caseId('backend/map/cast', { ...parameters, values: 'special' }), needs, special, common);
    }
  }
  yield opCase(
    caseId('backend/map/cast', { from: 'float32', dtype: 'float16', values: 'rounding' }),
    ['op:cast', 'dtype:float16'],
    halfway,
    {
      expression: ([a]) => [a!.cast('float16')],
      spec: 'a number between two float16 becomes one of them; too large, an infinity; tiny ones may not vanish below half the smallest',
    },
  );
}

/** Numbers that lie between two float16, near the largest one, and in its subnormal range. */
function halfway(): readonly Input[] {
  const numbers = [
    1 + 2 ** -12,
    1 + 3 * 2 ** -12,
    2049.4,
    2049.6,
    65_504,
    65_536,
    -70_000,
    1e30,
    2 ** -14 * 1.3,
    2 ** -20 * 1.3,
    2 ** -24,
    1e-30,
  ];
  return [floats(numbers, 'float32')];
}

/** All cases of elementwise operations. */
export function* mapOpCases(): Iterable<Case<Backend>> {
  yield* linearCases();
  for (const spec of MAPS) yield* mapCases(spec);
  yield* whereCases();
  yield* castCases();
}
