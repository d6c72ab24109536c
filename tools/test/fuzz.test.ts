// The comparator of `npm run fuzz`, without Python: on recorded cases it agrees, and a planted error does not get through.

import { ownGoldens } from '../../conformance/src/golden/source.ts';
import type { GoldenSource, GoldenTensors } from '@unnoise/conformance';
import { loadScheduler } from '@unnoise/schedulers';
import { describe, expect, it } from 'vitest';
import { explanationOf } from '../fuzz/explained.ts';
import type { Verdict } from '../fuzz/judge.ts';
import { judge } from '../fuzz/judge.ts';

const NAME = 'LCMScheduler';
const own = ownGoldens();

/** The first recorded run of the class alone, with its tensors passed through `change`. */
function oneCase(kind: 'steps' | 'error', change: (tensors: GoldenTensors) => void = () => {}): GoldenSource {
  const found = own.cases(NAME).find((one) => one.kind === kind)!;
  return {
    ...own,
    classes: [NAME],
    cases: () => [found],
    async tensors(id) {
      const tensors = structuredClone(await own.tensors(id));
      change(tensors);
      return tensors;
    },
  };
}

async function verdicts(source: GoldenSource): Promise<readonly Verdict[]> {
  const all: Verdict[] = [];
  for await (const one of judge(source, loadScheduler)) all.push(one);
  return all;
}

describe('the comparator of the fuzz', () => {
  it('agrees with an unchanged recording', async () => {
    expect(await verdicts(oneCase('steps'))).toMatchObject([{ verdict: 'agree', reasons: [] }]);
    expect(await verdicts(oneCase('error'))).toMatchObject([{ verdict: 'agree' }]);
  });

  it('catches one element that is a hundred-thousandth off', async () => {
    const planted = oneCase('steps', (tensors) => {
      const data = tensors.get('prev.0')!.data as Float32Array;
      const largest = data.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
      data[0]! += 1e-5 * largest;
    });
    const [found] = await verdicts(planted);
    expect(found?.verdict).toBe('disagree');
    expect(found?.reasons.join()).toMatch(/step=0: prevSample: element 0 /);
  });

  it('catches an upstream failure that we do not report', async () => {
    const run = own.cases(NAME).find((one) => one.kind === 'steps')!;
    const error = { at: 'set_timesteps', type: 'ValueError', text: 'planted' };
    const planted: GoldenSource = { ...oneCase('steps'), cases: () => [{ ...run, kind: 'error', error } as never] };
    expect(await verdicts(planted)).toMatchObject([{ verdict: 'disagree', failed: 'planted' }]);
  });

  it('explains nothing but the documented differences', () => {
    const [run] = own.cases(NAME);
    expect(explanationOf(run!, ['prevSample: element 0 is 1, not 2'])).toBeUndefined();
  });
});
