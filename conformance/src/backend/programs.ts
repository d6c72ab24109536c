// Whole expressions as samplers write them: what a fusing backend computes in one kernel, and an eager one in many.

import type { Backend, DType, Tensor } from '@unnoise/core';
import { concat, iota, logAddExp, logSumExp, where } from '@unnoise/core';
import type { Capability, Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import { HALF_STEP, STEP, largest } from '../tolerances.ts';
import type { Evaluated, Expression } from './evaluate.ts';
import { evaluate, exact } from './evaluate.ts';
import type { Input } from './values.ts';
import { input, normals } from './values.ts';
import { eager } from './wrappers.ts';

export interface ProgramSpec {
  readonly name: string;
  readonly spec: string;
  readonly needs: readonly Capability[];
  readonly inputs: () => readonly Input[];
  readonly expression: Expression;
}

const image = (seed: number): Input => input(seed, [2, 4, 8, 8], 'float32');
const images = (count: number) => () => Array.from({ length: count }, (_, i) => image(i + 1));

/** Alphas and sigmas of a step in the middle of a schedule. */
const K = {
  alpha: 0.62,
  sigma: Math.sqrt(1 - 0.62 ** 2),
  alphaPrev: 0.71,
  sigmaPrev: Math.sqrt(1 - 0.71 ** 2),
  std: 0.2,
};
const denoised = (x: Tensor, eps: Tensor): Tensor => x.sub(eps.mul(K.sigma)).div(K.alpha);

export const PROGRAMS: readonly ProgramSpec[] = [
  {
    name: 'euler',
    spec: 'an Euler step folds into one linear combination',
    needs: [],
    inputs: images(2),
    expression: ([x, eps]) => [x!.add(x!.sub(denoised(x!, eps!)).mul(-0.12))],
  },
  {
    name: 'ddim-clip',
    spec: 'a DDIM step with clipping gives its sample and its x0',
    needs: [],
    inputs: images(3),
    expression: ([x, eps, noise]) => {
      const x0 = denoised(x!, eps!).clamp(-1, 1);
      const again = x!.sub(x0.mul(K.alpha)).div(K.sigma);
      return [x0.mul(K.alphaPrev).add(again.mul(K.sigmaPrev)).add(noise!.mul(K.std)), x0];
    },
  },
  {
    name: 'multistep',
    spec: 'a second-order step uses what an earlier step kept',
    needs: [],
    inputs: images(3),
    expression: ([x, v, old]) => {
      const x0 = x!.mul(K.alpha).sub(v!.mul(K.sigma));
      return [x!.mul(0.9).add(x0.add(x0.sub(old!).div(1.7)).mul(0.15)), x0];
    },
  },
  {
    name: 'per-item',
    spec: 'coefficients of each batch item broadcast from a small tensor',
    needs: [],
    inputs: () => [image(1), image(2), input(3, [2, 1, 1, 1], 'float32'), input(4, [2, 1, 1, 1], 'float32')],
    expression: ([x, noise, a, s]) => [x!.mul(a!).add(noise!.mul(s!))],
  },
  {
    name: 'guidance',
    spec: 'classifier-free guidance takes the halves of a batch apart',
    needs: ['op:slice'],
    inputs: images(1),
    expression: ([x]) => {
      const [without, withText] = [x!.slice(0, 0, 1), x!.slice(0, 1, 1)];
      return [without.add(withText.sub(without).mul(7.5))];
    },
  },
  {
    name: 'mask',
    spec: 'a mask of one channel joins known and unknown pixels',
    needs: [],
    inputs: () => [
      image(1),
      image(2),
      { data: normals(9, 128).map((x) => Number(x > 0)), shape: [2, 1, 8, 8], dtype: 'float32' },
    ],
    expression: ([known, unknown, mask]) => [known!.mul(mask!).add(unknown!.mul(mask!.neg().add(1)))],
  },
  {
    name: 'long-chain',
    spec: 'twenty operations in a row keep their order',
    needs: [],
    inputs: images(2),
    expression: ([x, y]) => {
      let z = x!;
      for (let i = 0; i < 10; i++)
        z = z
          .clamp(-3, 3)
          .mul(0.9)
          .add(y!.mul(0.1 * i));
      return [z];
    },
  },
  {
    name: 'diamond',
    spec: 'a value used twice is computed once and used twice',
    needs: [],
    inputs: images(2),
    expression: ([x, y]) => {
      const shared = x!.mul(y!).clamp(-1, 1);
      return [shared.mul(shared).add(x!), shared.mul(2), x!.div(shared.mul(shared).add(1))];
    },
  },
  {
    name: 'many-buffers',
    spec: 'more inputs and outputs than one kernel may have are split',
    needs: [],
    inputs: images(12),
    expression: (all) => [...all.map((x, i) => x.mul(all[(i + 1) % all.length]!)), all.reduce((sum, x) => sum.add(x))],
  },
  {
    name: 'several-shapes',
    spec: 'results of different shapes come from one program',
    needs: [],
    inputs: () => [input(1, [3, 5], 'float32'), input(2, [5], 'float32'), input(3, [2, 1, 1], 'float32')],
    expression: ([a, b, c]) => [a!.mul(b!), a!.add(c!), b!.mul(2)],
  },
  {
    name: 'float16',
    spec: 'a step on float16 samples computes in float32 and stores float16',
    needs: ['dtype:float16'],
    inputs: () => [input(1, [2, 4, 8, 8], 'float16'), input(2, [2, 4, 8, 8], 'float16')],
    expression: ([x, eps]) => [denoised(x!, eps!).clamp(-2, 2).mul(K.alphaPrev).add(eps!.mul(K.sigmaPrev))],
  },
  {
    name: 'log-sum-exp',
    spec: 'logSumExp is exact where exp would overflow, and rows of -Infinity stay -Infinity',
    needs: ['op:amax', 'op:exp', 'op:sum', 'op:log'],
    inputs: () => [{ data: logits(), shape: [2, 6, 5], dtype: 'float32' }],
    expression: ([x]) => [logSumExp(x!, 1)],
  },
  {
    name: 'log-add-exp',
    spec: 'logAddExp takes -Infinity on either side or on both',
    needs: ['op:max', 'op:exp', 'op:log'],
    inputs: () => [
      { data: logits(), shape: [60], dtype: 'float32' },
      { data: logits().reverse(), shape: [60], dtype: 'float32' },
    ],
    expression: ([a, b]) => [logAddExp(a!, b!)],
  },
  {
    name: 'categorical',
    spec: 'a categorical posterior and the draw from it, as VQ-Diffusion computes them',
    needs: [
      ...(['op:eq', 'op:where', 'op:max', 'op:exp', 'op:log', 'op:sum', 'op:amax'] as const),
      ...(['op:concat', 'op:argmax', 'dtype:int32', 'dtype:bool'] as const),
    ],
    inputs: () => [
      input(1, [2, 6, 5], 'float32'),
      { data: Int32Array.from([0, 3, 6, 2, 6, 1, 6, 5, 4, 0]), shape: [2, 5], dtype: 'int32' },
    ],
    expression: ([scores, codes]) => {
      const current = codes!.unsqueeze(1);
      const masked = current.eq(6);
      const oneHot = where(iota([2, 6, 5], 1).eq(current), 0, -70);
      const row = where(masked, -2, logAddExp(oneHot.add(-0.1), -3));
      const logP = concat([scores!.add(row), where(masked, -1, -71).cast('float32')], 1);
      const p = logP.sub(logSumExp(logP, 1).unsqueeze(1));
      return [p, p.argmax(1)];
    },
  },
];

/** Log probabilities of every size, a whole row of -Infinity, and numbers whose exp overflows float32. */
function logits(): Float32Array {
  const values = normals(5, 60).map((x, i) => 40 * x - (i % 7 === 0 ? Infinity : 0));
  for (let i = 0; i < 30; i += 5) values[i] = -Infinity;
  values[1] = 200;
  return values;
}

/** The program on the subject against the oracle. */
function programCase({ name, spec, needs, inputs, expression }: ProgramSpec): Case<Backend> {
  return {
    id: caseId(`backend/program/${name}`),
    needs,
    spec,
    async run(backend, check) {
      const given = inputs();
      compare(check, await evaluate(backend, given, expression), await exact(given, expression), 'result');
    },
  };
}

/** Fused and one operation at a time: the same numbers within float32. Integers and shapes equal. */
function unfusedCase({ name, needs, inputs, expression }: ProgramSpec): Case<Backend> {
  return {
    id: caseId(`backend/unfused/${name}`),
    needs,
    spec: 'one operation at a time gives what the fused kernel gives',
    async run(backend, check) {
      const given = inputs();
      compare(
        check,
        await evaluate(backend, given, expression),
        await evaluate(eager(backend), given, expression),
        'fused result',
      );
    },
  };
}

/** Relative to the largest element. Between kernels float16 is rounded to float16, so there the split matters. */
const RELATIVE: Readonly<Record<DType, number>> = { float32: STEP, float16: HALF_STEP, int32: 0, bool: 0 };

function compare(check: Check, actual: readonly Evaluated[], expected: readonly Evaluated[], what: string): void {
  check.equal(actual.length, expected.length, 'the number of results');
  expected.forEach(({ values, shape, dtype }, i) => {
    check.equal(actual[i]!.shape, shape, `the shape of ${what} ${i}`);
    check.equal(actual[i]!.dtype, dtype, `the dtype of ${what} ${i}`);
    check.close(actual[i]!.values, values, RELATIVE[dtype] * largest(values), `${what} ${i}`);
  });
}

export function* programCases(): Iterable<Case<Backend>> {
  for (const spec of PROGRAMS) {
    yield programCase(spec);
    yield unfusedCase(spec);
  }
}
