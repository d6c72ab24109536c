import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@unnoise/core/beta-sigmas';
import { fileGoldens, type GoldenSteps, type GoldenTensor, type GoldenTensors, tolerances } from '@unnoise/conformance';
import {
  isDiffusionError,
  type RunRequest,
  type SchedulerClass,
  type SchedulerMixin,
  setWarningHandler,
} from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { exportStep } from '../src/index.ts';
import { TableLoop } from './table-loop.ts';

const packages = new URL('../../', import.meta.url);
const goldens = fileGoldens(new URL('../../../conformance/golden/', import.meta.url));

async function schedulers(): Promise<readonly SchedulerClass[]> {
  const found: SchedulerClass[] = [];
  for (const name of readdirSync(fileURLToPath(packages)).filter((folder) => folder.startsWith('scheduler-'))) {
    const entry = new URL(`${name}/src/index.ts`, packages);
    if (!existsSync(entry)) continue;
    const module = (await import(/* @vite-ignore */ fileURLToPath(entry))) as Record<string, SchedulerClass>;
    found.push(...Object.values(module).filter((one) => goldens.classes.includes(one.className)));
  }
  return found;
}

const COMMON: readonly string[] = (
  'DDIM DDPM PNDM LCM TCD EulerDiscrete EulerAncestralDiscrete HeunDiscrete LMSDiscrete DPMSolverMultistep DPMSolverSinglestep ' +
  'UniPCMultistep DEISMultistep KDPM2Discrete IPNDM FlowMatchEulerDiscrete VQDiffusion'
).split(' ');

/** Most runs of a class. There are thousands in all, which conformance replays; here it is their structure that counts. */
const MOST = 4;

/** Recorded runs of a whole short float32 schedule, from all over the list. */
function runsOf({ className, requestKeys, stepOptions }: SchedulerClass): readonly GoldenSteps[] {
  const runs = goldens
    .cases(className)
    .filter((one): one is GoldenSteps => one.kind === 'steps')
    .filter(({ request, earlier, set_shift }) => request && !earlier && set_shift === undefined)
    .filter(({ id }) => !/^FlowMatchLCMScheduler.scale-/.test(id)) // samples that grow, which is done on the host
    .filter(({ dtype, expect: { steps } }) => dtype === 'float32' && steps.length > 1 && steps.length <= 25)
    .filter(({ begin_index = 0, expect: { steps, timesteps } }) => {
      return Array.isArray(timesteps) && timesteps.slice(begin_index).join() === steps.map(({ t }) => t).join();
    })
    // recorded steps of unCLIP go to the timestep below, those of a run to the next of the schedule
    .filter(
      ({ expect: { steps } }) => className !== 'UnCLIPScheduler' || steps.every(({ t }, i) => t === steps[0]!.t - i),
    )
    .filter(({ options = {} }) => Object.values(options).every((value) => typeof value !== 'string'))
    .filter((golden) =>
      Object.keys(requestOf(golden)).every(
        (key) => key === 'beginIndex' || [...requestKeys, ...stepOptions].includes(key),
      ),
    );
  return runs.filter((_, i) => i % Math.ceil(runs.length / MOST) === 0);
}

const camel = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function requestOf({ request, options = {}, begin_index }: GoldenSteps): RunRequest {
  const { generator: _, ...rest } = { ...request, ...options };
  const asked = Object.fromEntries(Object.entries(rest).map(([key, value]) => [camel(key), value]));
  return { ...asked, ...(begin_index !== undefined && { beginIndex: begin_index }) };
}

const TYPES: readonly (readonly [new (length: number) => unknown, string])[] = [
  [Float32Array, 'float32'],
  [Int32Array, 'int32'],
];
const typeOf = ({ data }: GoldenTensor): string => TYPES.find(([Type]) => data instanceof Type)![1];
const toOrt = (tensor: GoldenTensor): ort.Tensor =>
  new ort.Tensor(typeOf(tensor) as 'float32', tensor.data as Float32Array, tensor.shape);

/** Feeds every step with upstream's sample, output and noise, and compares what it gives. */
async function replay(loop: TableLoop, golden: GoldenSteps, tensors: GoldenTensors): Promise<void> {
  for (const [i, { t }] of golden.expect.steps.entries()) {
    expect(loop.table.steps[i]!.timestep).toBeCloseTo(t, 9); // some pass through the C library's exp
    const sample = tensors.get(i === 0 ? 'x.0' : `prev.${i - 1}`)!;
    loop.values[i === 0 ? 'sample@0' : `prev_sample@${i - 1}`] = toOrt(sample);
    loop.values[`model_output@${i}`] = toOrt(tensors.get(`out.${i}`)!);
    for (let n = 0; tensors.has(`noise.${i}.${n}`); n++) {
      loop.values[`noise${n || ''}@${i}`] = toOrt(tensors.get(`noise.${i}.${n}`)!);
    }
    const results = await loop.step(i);
    near(results['prev_sample']!, tensors, `prev.${i}`, golden);
    if (tensors.has(`x0.${i}`)) near(results['pred_original_sample']!, tensors, `x0.${i}`, golden);
  }
}

function near(actual: ort.Tensor, tensors: GoldenTensors, name: string, { tolerance_note, id }: GoldenSteps): void {
  const expected = tensors.get(name)!;
  const numbers = expected.data as Float32Array;
  const bound = (tolerances.STEP + tolerances.noted(tolerance_note?.[name])) * tolerances.largest(numbers);
  expect(actual.dims, `${id} ${name}`).toEqual(expected.shape);
  const values = actual.data as Float32Array;
  const worst = numbers.reduce(
    (most, x, i) => Math.max(most, Object.is(x, values[i]) ? 0 : Math.abs(x - values[i]!)),
    0,
  );
  expect(worst, `${id} ${name}`).toBeLessThanOrEqual(typeOf(expected) === 'int32' ? 0 : bound);
}

/** Thresholding by at most 1 is a clamp whatever the quantile. */
function computesOnHost({ config }: GoldenSteps): boolean {
  const limit = (config['sample_max_value'] as number | undefined) ?? 1;
  return config['thresholding'] === true && limit > 1;
}

/** Amused picks its tokens on the host, in every step. */
const classes = (await schedulers()).filter((one) => one.className !== 'AmusedScheduler' && runsOf(one).length > 0);

// deprecated algorithms are recorded too
beforeAll(() => void setWarningHandler(vi.fn()));
afterAll(() => void setWarningHandler(undefined));

describe.each(classes.map((Scheduler) => [Scheduler.className, Scheduler] as const))(
  'the exported %s',
  (_, Scheduler) => {
    const exported = (golden: GoldenSteps, scheduler: SchedulerMixin, tensors: GoldenTensors) =>
      exportStep(scheduler, requestOf(golden), {
        shape: tensors.get('x.0')!.shape,
        outputShape: tensors.get('out.0')!.shape,
        dtype: typeOf(tensors.get('x.0')!) as 'float32' | 'int32',
      });

    it.each(runsOf(Scheduler).map((run) => [run.id, run] as const))(
      'replays %s in onnxruntime-node',
      async (__, golden) => {
        const tensors = await goldens.tensors(golden.id);
        const scheduler = new Scheduler(golden.config);
        if (computesOnHost(golden)) {
          const refused = await exported(golden, scheduler, tensors).catch((error: unknown) => error);
          return expect(isDiffusionError(refused, 'OP_UNSUPPORTED')).toBe(true);
        }
        const loop = await TableLoop.open(await exported(golden, scheduler, tensors));
        try {
          await replay(loop, golden, tensors);
        } finally {
          await loop.release();
        }
      },
    );
  },
);

describe('an exported step', () => {
  it('is replayed for every common scheduler', () => {
    const names = classes.map(({ className }) => className);
    expect(names).toEqual(expect.arrayContaining(COMMON.map((name) => `${name}Scheduler`)));
  });

  it('of one structure is one graph, whatever the coefficients', async () => {
    expect((await exportStep(new DDIMScheduler(), 50)).graphs).toHaveLength(1);
    expect((await exportStep(new EulerDiscreteScheduler(), 50)).graphs).toHaveLength(1);
    expect((await exportStep(new DPMSolverMultistepScheduler(), 50)).graphs).toHaveLength(2);
  });

  it('takes samples of every size, where all its operations are elementwise', async () => {
    const loop = await TableLoop.open(await exportStep(new DDIMScheduler(), 2, { shape: [1, 3, 8, 8] }));
    for (const dims of [
      [2, 1, 5, 7],
      [1, 4, 64, 64],
    ]) {
      const length = dims.reduce((a, b) => a * b, 1);
      const one = new ort.Tensor('float32', new Float32Array(length).fill(0.5), dims);
      Object.assign(loop.values, { 'sample@0': one, 'model_output@0': one });
      expect((await loop.step(0))['prev_sample']!.dims).toEqual(dims);
    }
    await loop.release();
  });

  it('tells by what to scale the first sample and the model input', async () => {
    const { table } = await exportStep(new EulerDiscreteScheduler(), 10);
    const scheduler = new EulerDiscreteScheduler();
    scheduler.setTimesteps(10);
    expect(table.initNoiseSigma).toBe(scheduler.initNoiseSigma);
    expect(table.steps[0]!.inputScale).toBeCloseTo(1 / Math.hypot(1, scheduler.sigmas![0]!), 12);
  });

  it('leaves the scheduler as it was', async () => {
    const scheduler = new DDIMScheduler();
    scheduler.setTimesteps(7);
    await exportStep(scheduler, 3);
    expect(scheduler.timesteps).toHaveLength(7);
  });
});
