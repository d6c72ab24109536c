// The loop that never leaves the device: every scheduler, the model and both ends of a latent one on WebGPU in a page, with all
// transfers counted; the same on wasm and in a worker. Pictures are compared with those of the CPU in Node, drawn in the same run.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { readbacks } from './device-loop/counts.ts';
import type { LoopReport, Place, Provider, Report } from './device-loop/loop.ts';
import { draw, open } from './device-loop/loop.ts';
import type { Apart, Drawn } from './device-loop/picture.ts';
import { apart } from './device-loop/picture.ts';
import type { LoopRun } from './device-loop/runs.ts';
import { everyScheduler, run } from './device-loop/runs.ts';
import type { Job } from './device-loop/worker.ts';

/** Of 255: two builds of ONNX Runtime, and float32 rounded in another order on each, over a whole run. */
const PIXELS = 2;
/** The same before decoding, as a part of the largest value; pictures that run out of white hide what is there. */
const LATENTS = 2e-3;

/** By their mathematics: what decides the next step is a number, and it is on the device. */
const READS: Readonly<Record<string, string>> = {
  DPMAdaptiveScheduler: 'reads its error estimate after each step to choose the next',
};

/** Set VITE_DEVICE_LOOP=all for every scheduler on a trained UNet and four on the text-to-image model: half an hour in software. */
const ALL = import.meta.env['VITE_DEVICE_LOOP'] === 'all';

const base = location.origin;
const DIGITS = ['DPMSolverMultistepScheduler', 'EulerAncestralDiscreteScheduler'].map((name) => run('digits', name));
const SOME = ALL ? await everyScheduler('digits') : DIGITS;
const EMOJI = [
  'DPMSolverMultistepScheduler',
  'DDIMScheduler',
  'UniPCMultistepScheduler',
  'EulerAncestralDiscreteScheduler',
]
  .slice(0, ALL ? 4 : 1)
  .map((name) => run('emoji', name));
const THRESHOLDED = {
  ...run('digits', 'DDIMScheduler', { prediction_type: 'v_prediction', thresholding: true }),
  id: 'digits DDIMScheduler, thresholding',
};
const sweep = await everyScheduler('small');
let inNode: Readonly<Record<string, Drawn>>;
const rows: Report['rows'][number][] = [];

/** Keeps and prints a row of the report: what was read back, and how far the picture is from Node's. */
function compared(report: LoopReport, where: string): LoopReport & Apart {
  const row = { ...report, ...apart(report.drawn, inNode[report.id]!), where };
  rows.push(row);
  const { id, steps, loop, image, kernels, pixels, latents, seconds } = row;
  const read = `read ${readbacks(loop)} before the picture, ${readbacks(image)} for it`;
  const far = `${pixels} of 255 and ${latents.toExponential(1)} of the latents from Node's`;
  console.log(`${where}: ${id}, ${steps} calls, ${kernels} pipelines, ${read}, ${far}, ${seconds.toFixed(1)} s`);
  return row;
}

beforeAll(async () => {
  const runs = [...sweep, ...SOME, ...EMOJI, THRESHOLDED];
  inNode = (await commands.runInNode('packages/pipelines/test/device-loop/in-node.ts', runs)) as typeof inNode;
}, 300_000);

afterAll(async () => {
  const report: Report = { rows, inNode: inNode[EMOJI[0]!.id]!, agent: navigator.userAgent };
  await commands.keepInOut('device-loop.json', report); // for tools/device-loop.ts
});

async function on<T>(provider: Provider, model: LoopRun['model'], use: (place: Place) => Promise<T>): Promise<T> {
  const place = await open(provider, model, base);
  try {
    return await use(place);
  } finally {
    await place.close();
  }
}

/** What a row must be like; empty where it is. */
function wrong({ id, pixels, latents, left, image }: LoopReport & Apart, forImage: number): readonly string[] {
  const far = pixels > PIXELS || latents > LATENTS ? [`${id}: ${pixels} of 255, ${latents} of the latents`] : [];
  const read = readbacks(image) === forImage ? [] : [`${id}: ${readbacks(image)} readbacks for the picture`];
  return [...far, ...read, ...(left === 0 ? [] : [`${id}: ${left} buffers are left`])];
}

/** Each thing that is read back is a copy and a map. Latent models give pixels and latents; others have only pixels. */
const TWO = 4;
const ONE = 2;

describe('on one device with the model', () => {
  it('every scheduler goes from prompt to sample without reading anything back', async () => {
    const found = await on('webgpu', 'small', async (place) => {
      const reports: (LoopReport & Apart)[] = [];
      for (const one of sweep) reports.push(compared(await draw(place, one), 'webgpu'));
      return reports;
    });
    const reading = found.filter(({ loop }) => readbacks(loop) > 0).map(({ id }) => id);
    expect(reading).toEqual(Object.keys(READS).map((name) => `small ${name}`));
    expect(found.flatMap((report) => wrong(report, TWO))).toEqual([]);
  }, 900_000);

  it('a trained UNet is sampled without reading anything back', async () => {
    await on('webgpu', 'digits', async (place) => {
      for (const one of SOME) {
        const report = compared(await draw(place, one), 'webgpu');
        expect(readbacks(report.loop) > 0, one.id).toBe(one.scheduler in READS);
        expect(wrong(report, ONE)).toEqual([]);
      }
      const { loop, ...report } = compared(await draw(place, THRESHOLDED), 'webgpu');
      expect([loop.maps, loop.copies]).toEqual([20, 20]); // dynamic thresholding: a quantile of each step
      expect(wrong({ loop, ...report }, ONE)).toEqual([]);
    });
  }, 900_000);

  it('text encoder, guided UNet and decoder of the text-to-image model read nothing back before its picture', async () => {
    await on('webgpu', 'emoji', async (place) => {
      for (const one of EMOJI) {
        const report = compared(await draw(place, one), 'webgpu');
        expect(readbacks(report.loop), one.id).toBe(0);
        expect(wrong(report, TWO)).toEqual([]);
      }
    });
  }, 900_000);

  it('the counter sees a readback that is planted', async () => {
    const [ddim] = sweep.filter(({ scheduler }) => scheduler === 'DDIMScheduler');
    const { loop } = await on('webgpu', 'small', (place) =>
      draw(place, ddim!, async ({ sample }) => void (await sample.data())),
    );
    expect([loop.maps, loop.copies]).toEqual([20, 20]);
  }, 300_000);
});

describe('on the wasm provider', () => {
  it.each(['small', 'digits', 'emoji'] as const)(
    'the %s model: nothing is copied out of a tensor before the picture',
    async (model) => {
      const runs = [...sweep, ...SOME, ...EMOJI].filter((one) => one.model === model);
      await on('wasm', model, async (place) => {
        for (const one of runs) {
          const report = compared(await draw(place, one), 'wasm');
          expect(report.downloads > 0, one.id).toBe(one.scheduler in READS);
          expect(wrong(report, 0)).toEqual([]);
        }
      });
    },
    600_000,
  );
});

describe('in a Web Worker', () => {
  it.each([
    ['webgpu', DIGITS[0]!, ONE],
    ['wasm', EMOJI[0]!, 0],
  ] as const)(
    '%s draws the same picture',
    async (provider, one, forImage) => {
      const report = compared(await inWorker({ provider, run: one, base }), `${provider}, worker`);
      expect(readbacks(report.loop)).toBe(0);
      expect(wrong(report, forImage)).toEqual([]);
    },
    900_000,
  );
});

function inWorker(job: Job): Promise<LoopReport> {
  const worker = new Worker(new URL('./device-loop/worker.ts', import.meta.url), { type: 'module' });
  return new Promise<LoopReport>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<{ report?: LoopReport; failure?: string }>) =>
      data.report ? resolve(data.report) : reject(new Error(data.failure)),
    );
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.postMessage(job, []);
  }).finally(() => worker.terminate());
}
