// The command line around exportStep; that the graphs compute the right thing is tested in packages/backend-ort.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { StepFile } from '../src/cli/export-step.ts';
import { main } from '../src/cli/main.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnoise-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function exportStep(...args: string[]): Promise<{ code: number; said: string }> {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {});
  const err = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const code = await main(['export-step', ...args]);
    return { code, said: [...out.mock.calls, ...err.mock.calls].join('\n') };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const table = async (name: string): Promise<StepFile> =>
  JSON.parse(await readFile(join(folder, name), 'utf8')) as StepFile;

describe('unnoise export-step', () => {
  it('writes a graph for each structure and the table beside them', async () => {
    const { code, said } = await exportStep('dpm++2m', '--steps', '6', '--out', join(folder, 'made/dpm.onnx'));
    expect(code).toBe(0);
    expect(said).toContain('6 steps of DPMSolverMultistepScheduler over dpm.onnx, dpm.2.onnx');
    expect((await readdir(join(folder, 'made'))).sort()).toEqual(['dpm.2.onnx', 'dpm.json', 'dpm.onnx']);
    const { graphs, steps } = await table('made/dpm.json');
    expect(steps.map(({ graph }) => graphs[graph])).toContain('dpm.2.onnx');
  });

  it('reads a config, and its graph runs in ONNX Runtime from the file alone', async () => {
    const config = join(folder, 'scheduler_config.json');
    await writeFile(config, JSON.stringify({ _class_name: 'DDIMScheduler', clip_sample: false, steps_offset: 1 }));
    await exportStep('ddim', '--config', config, '-n', '4', '-o', join(folder, 'ddim.onnx'));
    const { graphs, steps } = await table('ddim.json');
    const session = await ort.InferenceSession.create(join(folder, graphs[0]!));
    const { coefficients, timestep } = steps[0]!;
    expect(timestep).toBe(751);
    const one = new ort.Tensor('float32', Float32Array.of(0.5, -1), [1, 2, 1, 1]);
    const feeds = { sample: one, model_output: one, coefficients: new ort.Tensor(Float32Array.from(coefficients)) };
    const { prev_sample: prev, pred_original_sample: x0 } = await session.run(feeds);
    const [forX, forNoise, x0ForX, x0ForNoise] = coefficients as [number, number, number, number];
    expect((prev!.data as Float32Array)[0]).toBeCloseTo(0.5 * (forX + forNoise), 5);
    expect((x0!.data as Float32Array)[1]).toBeCloseTo(-(x0ForX + x0ForNoise), 5);
    const sqrtAlpha = 1 / x0ForX; // x0 = (x - sqrt(1 - alpha) e) / sqrt(alpha)
    expect(x0ForNoise).toBeCloseTo(-Math.sqrt(1 - sqrtAlpha ** 2) / sqrtAlpha, 4);
  });

  it.each([
    [[], 'takes one scheduler'],
    [['nonsense'], 'there is no scheduler "nonsense"'],
    [['ddim', '--shape', '1,x'], '--shape is "x"'],
    [['ddim', '--dtype', 'float64'], '--dtype is "float64"'],
    [['ddim', '--steps', '0'], '--steps is "0"'],
  ])('refuses %j', async (args, words) => {
    const { code, said } = await exportStep(...args);
    expect(code).toBe(2);
    expect(said).toContain(words);
  });

  it('says when a file cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, said } = await exportStep('ddim', '--out', join(folder, 'file/step.onnx'));
    expect(code).toBe(1);
    expect(said).toContain('Choose another --out');
  });
});
