// linear, the operation that everything affine folds into: by number of terms, dtype and layout.

import type { Backend, DType, Tensor } from '@unnoise/core';
import { linear } from '@unnoise/core';
import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import { FLUSH, UNIT, linearBound } from '../tolerances.ts';
import { opCase } from './one-op.ts';
import type { Input } from './values.ts';
import { BROADCAST_LAYOUTS, LAYOUTS, input, specials } from './values.ts';

const NUMBERS: readonly DType[] = ['float32', 'float16', 'int32'];

const COEFFICIENTS: readonly number[] = [0.7, -1.3, 0.1, 2.9, -0.01, 1, -1 / 3, 12.5];

export function* linearCases(): Iterable<Case<Backend>> {
  for (const dtype of NUMBERS) {
    for (const n of [1, 2, 3, 4, 8]) {
      const layouts = n === 1 ? LAYOUTS : { ...LAYOUTS, ...BROADCAST_LAYOUTS };
      for (const [layout, shapes] of Object.entries(layouts)) {
        if (layout === 'large' && (dtype !== 'float32' || n > 3)) continue;
        yield linearCase({ dtype, n, layout }, () =>
          Array.from({ length: n }, (_, i) => input(i + 1, shapes[i % shapes.length]!, dtype)),
        );
      }
    }
    const shapes = [[2, 3, 4, 4]];
    yield linearCase({ dtype, n: 3, bias: 'yes' }, () => [1, 2, 3].map((seed) => input(seed, shapes[0]!, dtype)), {
      bias: 2,
    });
    yield linearCase(
      { dtype, n: 3, layout: 'released' },
      () => [1, 2, 3].map((seed) => input(seed, shapes[0]!, dtype)),
      { release: true },
    );
    yield linearCase({ dtype, n: 3, layout: 'host' }, () => [1, 2, 3].map((seed) => input(seed, shapes[0]!, dtype)), {
      host: true,
    });
    if (dtype !== 'int32')
      yield linearCase({ dtype, n: 2, values: 'special' }, () => specials(2, dtype), { coefficients: [1, 0.5] });
  }
  yield* parameterCases();
}

interface LinearOptions {
  readonly bias?: number;
  readonly release?: boolean;
  readonly host?: boolean;
  readonly coefficients?: readonly number[];
}

function linearCase(
  parameters: { dtype: DType; n: number; [key: string]: string | number },
  inputs: () => readonly Input[],
  { bias, coefficients = COEFFICIENTS, ...how }: LinearOptions = {},
): Case<Backend> {
  const { dtype, n } = parameters;
  const whole = dtype === 'int32' ? coefficients.map((c) => Math.round(10 * c)) : coefficients;
  const sum = (terms: readonly Tensor[], of: (x: number) => number, sign: (x: Tensor) => Tensor): Tensor =>
    linear(
      terms.map((x, i) => [of(whole[i]!), sign(x)] as const),
      bias === undefined ? undefined : of(bias),
    );
  return opCase(caseId('backend/map/linear', parameters), [`dtype:${dtype}`], inputs, {
    ...how,
    spec: 'linear is ((c1 a1 + c2 a2) + ...) + bias, in this order',
    expression: (terms) => [sum(terms, Number, (x) => x)],
    magnitude: (terms) => [sum(terms, Math.abs, (x) => x.abs())],
    ...(dtype !== 'int32' && {
      bound: (_: number, magnitude: number) => linearBound(n + (bias === undefined ? 0 : 1)) * magnitude + FLUSH,
    }),
  });
}

/** Coefficients reach the kernel as float32, whatever they were. */
function* parameterCases(): Iterable<Case<Backend>> {
  for (const coefficient of [1e-30, 1e30, 3.0000001, 2 ** 24 + 1]) {
    yield opCase(
      caseId('backend/map/linear', { dtype: 'float32', coefficient }),
      [],
      () => [input(1, [65], 'float32')],
      {
        expression: ([a]) => [a!.mul(coefficient)],
        spec: 'coefficients keep the precision and range of float32',
        bound: (exact) => 3 * UNIT * Math.abs(exact) + FLUSH,
      },
    );
  }
}
