// npm run convergence: measures the order of every solver where the truth is known, and writes docs/convergence.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { levelOf, observedOrder, rms, trajectory } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import type { ConfigObject } from '@unnoise/core';
import { setWarningHandler, torchGenerator } from '@unnoise/core';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { lawOf, SAMPLERS } from './laws.ts';
import { errorsOf, SOLVERS } from './odes.ts';
import type { End, SamplerResult, SolverResult } from './page.ts';
import { page } from './page.ts';

setWarningHandler(() => {}); // dpmsolver is deprecated upstream, and says so

async function solvers(): Promise<SolverResult[]> {
  const results: SolverResult[] = [];
  for (const solver of SOLVERS) {
    const errors = await errorsOf(solver, 'exact64');
    const rounded = await errorsOf(solver, 'upstream32');
    const order = observedOrder(solver.counts, errors);
    results.push({ ...solver, errors, order, order32: observedOrder(solver.counts, rounded) });
    console.log(`${solver.className}, ${solver.about}: ${order.toFixed(2)}, promised ${solver.paper}`);
  }
  return results;
}

async function samplers(): Promise<SamplerResult[]> {
  const results: SamplerResult[] = [];
  for (const sampler of SAMPLERS) {
    const law = await lawOf(sampler);
    results.push({ ...sampler, ...law });
    console.log(`${sampler.className}, ${sampler.about}: weak order ${law.order.toFixed(2)}`);
  }
  return results;
}

const CLEAN = 1e-6;

/** DPM++ 2M to level 0, against the flow that stops just above it. */
async function end(steps: number, config: ConfigObject): Promise<End> {
  const run = new DPMSolverMultistepScheduler(config, { precision: 'exact64' }).start(steps);
  const { signal, noise } = levelOf(run);
  const last = run.plan.noiseLevel!(steps - 1, run.timesteps.at(-1)!);
  const shape = [16, 2];
  const start = torchGenerator(1)
    .normal(shape, 'float64')
    .map((value) => value * noise);
  const samples = await trajectory({
    run,
    model: (x, level) => predict(testMixture, 'epsilon', x, level.signal, level.noise),
    start,
    shape,
  });
  const y = start.map((value) => value / signal);
  const before = samples.at(-2)!.map((value) => value / last.signal);
  const truth = (to: number) => solveFlow(testMixture, y, noise / signal, to, 3000);
  const level = last.noise / last.signal;
  return { steps, level, before: rms(before, truth(level)), after: rms(samples.at(-1)!, truth(CLEAN)) };
}

const ends: (readonly [karras: End, trailing: End])[] = [];
for (const steps of [10, 20, 40, 80, 160])
  ends.push([await end(steps, { use_karras_sigmas: true }), await end(steps, { timestep_spacing: 'trailing' })]);
const version = (name: string): string =>
  (JSON.parse(readFileSync(new URL(`../../${name}/package.json`, import.meta.url), 'utf8')) as { version: string })
    .version;
const versions = `@unnoise/core ${version('packages/core')}, Node ${process.versions.node}, on the float64 reference backend`;
const found = { versions, solvers: await solvers(), samplers: await samplers(), ends };
writeFileSync(new URL('../../docs/convergence.md', import.meta.url), page(found));
console.log('docs/convergence.md');
