// One operation on one set of inputs, compared with the oracle. Where the case comes from is the tables' business.

import type { Backend, DType } from '@unnoise/core';
import type { Capability, Case } from '../case.ts';
import type { Bound } from '../check.ts';
import { HALF_TINY, HALF_UNIT } from '../tolerances.ts';
import type { Evaluated, Expression } from './evaluate.ts';
import { evaluate, exact } from './evaluate.ts';
import type { Input } from './values.ts';

export interface OpCaseOptions {
  readonly spec: string;
  readonly expression: Expression;
  /** What the bound scales with, where that is not the result: the sum of absolute terms. */
  readonly magnitude?: Expression;
  /** Allowed distance in float32, from the exact result and its magnitude; absent: none. */
  readonly bound?: (exact: number, magnitude: number) => number;
  readonly release?: boolean;
  readonly host?: boolean;
}

export function opCase(
  id: string,
  needs: readonly Capability[],
  inputs: () => readonly Input[],
  { spec, expression, magnitude, bound, release = false, host = false }: OpCaseOptions,
): Case<Backend> {
  return {
    id,
    needs: [...new Set(needs)],
    spec,
    async run(backend, check) {
      const given = inputs();
      const [actual] = await evaluate(backend, given, expression, { release, host });
      const [expected] = await exact(given, expression);
      const [scale] = magnitude ? await exact(given, magnitude) : [expected];
      check.equal(actual!.shape, expected!.shape, 'the shape');
      check.equal(actual!.dtype, expected!.dtype, 'the dtype');
      check.close(actual!.values, expected!.values, boundsOf(expected!, scale!, bound), 'the result');
    },
  };
}

/** The float32 bound of each element, and what storing it as its dtype may add. */
function boundsOf({ values, dtype }: Evaluated, scale: Evaluated, bound: OpCaseOptions['bound']): Bound {
  return values.map((exact, i) => (bound ? bound(exact, scale.values[i]!) : 0) + storageBound(exact, dtype));
}

function storageBound(exact: number, dtype: DType): number {
  return dtype === 'float16' ? HALF_UNIT * Math.abs(exact) + HALF_TINY : 0;
}
