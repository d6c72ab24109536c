// Whole runs of the three basic samplers, for what they cost: kernels run and kernels compiled. The numbers are checked elsewhere.

import type { Backend, Tensor } from '@unnoise/core';
import { realize, tensor } from '@unnoise/core';
import type { Case } from '../case.ts';
import { normals } from './values.ts';

/** One step of a sampler, at noise levels that change with i; `old` is what it kept from the step before. */
type Step = (x: Tensor, out: Tensor, i: number, old: Tensor | undefined) => readonly [prev: Tensor, keep?: Tensor];

const levels = (i: number): { alpha: number; sigma: number } => {
  const angle = (Math.PI / 2) * (0.98 - i / 51);
  return { alpha: Math.cos(angle), sigma: Math.sin(angle) };
};

const SAMPLERS: Readonly<Record<string, { readonly kernels: number; readonly step: Step }>> = {
  euler: {
    kernels: 1,
    step(x, eps, i) {
      const [now, next] = [0.9 ** i, 0.9 ** (i + 1)];
      return [
        x.add(
          x
            .sub(x.sub(eps.mul(now)))
            .div(now)
            .mul(next - now),
        ),
      ];
    },
  },
  ddim: {
    kernels: 1,
    step(x, eps, i) {
      const [now, next] = [levels(i), levels(i + 1)];
      const x0 = x.sub(eps.mul(now.sigma)).div(now.alpha);
      return [x0.mul(next.alpha).add(eps.mul(next.sigma)), x0];
    },
  },
  'dpmsolver++2m': {
    kernels: 2, // the first step has no history, so it is another structure
    step(x, eps, i, old) {
      const [now, next] = [levels(i), levels(i + 1)];
      const x0 = x.sub(eps.mul(now.sigma)).div(now.alpha);
      const d = old ? x0.add(x0.sub(old).mul(0.5)) : x0;
      return [x.mul(next.sigma / now.sigma).add(d.mul(next.alpha - (now.alpha * next.sigma) / now.sigma)), x0];
    },
  },
};

const STEPS = 50;

async function sample(backend: Backend, step: Step): Promise<void> {
  const shape = [1, 4, 16, 16];
  let x = tensor(normals(1, 1024), shape, { backend });
  const out = tensor(normals(2, 1024), shape, { backend });
  await realize(x, out);
  let old: Tensor | undefined;
  for (let i = 0; i < STEPS; i++) {
    const [prev, keep] = step(x, out, i, old);
    await realize(...(keep ? [prev, keep] : [prev]));
    x.dispose();
    old?.dispose();
    [x, old] = [prev, keep];
  }
  for (const one of [x, out, old]) one?.dispose();
}

/** One kernel a step where the backend fuses; a second run compiles nothing anywhere. */
export function* runCases(): Iterable<Case<Backend>> {
  for (const [name, { kernels, step }] of Object.entries(SAMPLERS)) {
    yield {
      id: `backend/fusion/${name}`,
      needs: ['stats'],
      spec: `${STEPS} steps are ${STEPS} kernels run and ${kernels} compiled, and the next run compiles none`,
      async run(backend, check) {
        const start = backend.stats!();
        await sample(backend, step);
        const first = backend.stats!();
        await sample(backend, step);
        check.equal(backend.stats!().compiles, first.compiles, 'the number of kernels compiled after a second run');
        if (backend.capabilities.maxOps < 8)
          check.decline(`maxOps is ${backend.capabilities.maxOps}: it does not fuse`);
        check.equal(first.dispatches - start.dispatches, STEPS, `the number of kernels run in ${STEPS} steps`);
        check.ok(
          first.compiles - start.compiles <= kernels,
          `${first.compiles - start.compiles} kernels were compiled, not ${kernels}.`,
        );
      },
    };
  }
}
