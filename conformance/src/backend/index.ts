// All cases for backends: the plain suite, and the same again through wrappers.

import type { Backend } from '@unnoise/core';
import type { Case } from '../case.ts';
import { contractCases } from './contract-cases.ts';
import { axisCases } from './layout-cases.ts';
import { mapOpCases } from './op-cases.ts';
import { programCases } from './programs.ts';
import { runCases as fusionCases } from './run-cases.ts';
import { eager, tracing } from './wrappers.ts';

function* plainCases(): Iterable<Case<Backend>> {
  yield* contractCases();
  yield* mapOpCases();
  yield* axisCases();
  yield* programCases();
}

/** The same cases on a wrapped backend; 'backend/map/exp' becomes 'backend-eager/map/exp'. */
function* through(
  name: string,
  wrap: (backend: Backend) => Backend,
  skip: (id: string) => boolean,
): Iterable<Case<Backend>> {
  for (const { id, needs, spec, run } of plainCases()) {
    if (skip(id)) continue;
    yield {
      id: id.replace('backend/', `backend-${name}/`),
      needs,
      spec,
      run: (backend, check) => run(wrap(backend), check),
    };
  }
}

const NUMBERS = /^backend\/(map|reduce|layout|program)\//;

/**
 * Every case for a backend. Ids start with 'backend/'; the numeric cases run again one operation at a time ('backend-eager/'), and
 * everything again with the contract watched ('backend-traced/').
 */
export function* backendCases(): Iterable<Case<Backend>> {
  yield* plainCases();
  yield* fusionCases();
  yield* through('eager', eager, (id) => !NUMBERS.test(id));
  yield* through('traced', tracing, () => false);
}
