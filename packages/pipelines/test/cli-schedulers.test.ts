// Every scheduler of the repository through `unnoise generate`: those that fit an image model draw, the others say where to look.

import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registry, setWarningHandler } from '@unnoise/core';
import { folder as digitsUrl } from '@unnoise/model-digits-8';
import { registerAll, samplerNames, schedulers } from '@unnoise/schedulers';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ELSEWHERE } from '../src/cli/elsewhere.ts';
import { main } from '../src/cli/main.ts';

const digits = fileURLToPath(digitsUrl);
const names = Object.keys(schedulers);

/** What a class needs instead of 4 steps and a network that predicts v. */
const NEEDED: Readonly<Record<string, { readonly steps?: string; readonly prediction_type?: string }>> = {
  SCMScheduler: { steps: '2', prediction_type: 'trigflow' }, // 2 by its intermediate timestep
  UnCLIPScheduler: { prediction_type: 'sample' },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnoise-schedulers-'));
  setWarningHandler(() => {}); // that a scheduler of another kind may draw noise is said elsewhere
  await registerAll();
});
afterAll(async () => {
  setWarningHandler();
  await rm(folder, { recursive: true });
});

async function generate(model: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const output = vi.spyOn(console, 'log').mockImplementation(() => {});
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const code = await main(['generate', '-m', model, '-c', '3', '--seed', '1', '--size', '1', ...args]);
    return { code, said: [...output.mock.calls, ...errors.mock.calls].flat().join('\n') };
  } finally {
    output.mockRestore();
    errors.mockRestore();
  }
}

/** Grey values of the one picture. */
async function drawn(model: string, ...args: string[]): Promise<readonly number[]> {
  const file = join(folder, 'picture.png');
  const { code, said } = await generate(model, ...args, '-o', file);
  expect(code, said).toBe(0);
  const { width, height, data } = decode(await readFile(file));
  expect([width, height]).toEqual([8, 8]);
  return Array.from(data);
}

/** The network with the scheduler that such a model would come with: the defaults of the class. */
async function modelFor(className: string): Promise<string> {
  const path = join(folder, className);
  await cp(digits, path, { recursive: true, filter: (from) => !from.includes('node_modules') });
  const { schema } = registry.get(className);
  const wanted = NEEDED[className]?.prediction_type ?? ('prediction_type' in schema ? 'v_prediction' : undefined);
  const config = { _class_name: className, ...(wanted && { prediction_type: wanted }) };
  await writeFile(join(path, 'scheduler/scheduler_config.json'), JSON.stringify(config));
  return path;
}

describe('unnoise generate', () => {
  it.each(names.filter((name) => !Object.hasOwn(ELSEWHERE, name)))('draws with %s', async (className) => {
    const steps = NEEDED[className]?.steps ?? '4';
    const picture = await drawn(await modelFor(className), '-n', steps);
    expect(new Set(picture).size).toBeGreaterThan(1); // finite, or nothing would have been written; and not constant
  });

  it.each(Object.entries(ELSEWHERE))(
    'refuses %s, and names an example that is there',
    async (className, [, example]) => {
      const { code, said } = await generate(digits, '-s', className, '-n', '4', '-o', join(folder, 'never.png'));
      expect(code).toBe(1);
      expect(said).toContain(`examples/${example}.ts shows how it is used.`);
      expect(existsSync(new URL(`../../../examples/${example}.ts`, import.meta.url))).toBe(true);
      expect(existsSync(join(folder, 'never.png'))).toBe(false);
    },
  );

  it.each(samplerNames)('draws by the name %s', async (name) => {
    expect(new Set(await drawn(digits, '-s', name, '-n', '4')).size).toBeGreaterThan(8);
  });

  it('sets what the name of a sampler says on top of the model’s config, and notes both', async () => {
    const file = join(folder, 'named.png');
    const { said } = await generate(digits, '-s', 'dpmpp_2m_karras', '-n', '4', '-o', file);
    expect(said).toContain('DPMSolverMultistepScheduler (DPM++ 2M Karras), 4 steps');
    const { text, data } = decode(await readFile(file));
    const noted = { scheduler: 'DPMSolverMultistepScheduler', sampler: 'DPM++ 2M Karras' };
    expect(JSON.parse(text['Comment']!)).toMatchObject(noted);
    expect(Array.from(data)).not.toEqual(await drawn(digits, '-s', 'dpm++', '-n', '4'));
  });
});
