// The stricter suite for CPU backends: float32 results equal core's interpreter bit for bit, because every operation is rounded on its
// own and in the kernel's order. GPUs may contract products and sums, so it is not for them.

import type { Backend } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import type { Case } from '../case.ts';
import { evaluate } from './evaluate.ts';
import { PROGRAMS } from './programs.ts';

const interpreter: Backend = createReferenceBackend({ precision: 'float32' });
const APPROXIMATE: readonly string[] = ['op:exp', 'op:log', 'op:sum'];

/** Every program of the suite without exp, log or a sum over an axis: those may be approximated or added in another order. */
export function* exactCases(): Iterable<Case<Backend>> {
  for (const { name, needs, inputs, expression } of PROGRAMS) {
    if (needs.some((need) => APPROXIMATE.includes(need))) continue;
    yield {
      id: `backend-exact/program/${name}`,
      needs,
      spec: 'every operation is rounded to float32 in the order of the kernel',
      async run(backend, check) {
        const given = inputs();
        const expected = await evaluate(interpreter, given, expression);
        const actual = await evaluate(backend, given, expression);
        expected.forEach(({ values }, i) => check.close(actual[i]!.values, values, 0, `result ${i}`));
      },
    };
  }
}
