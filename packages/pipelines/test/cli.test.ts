// The command as its users meet it: a process with arguments, output and an exit code.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { folder as digitsUrl } from '@unnoise/model-digits-8';
import { schedulers } from '@unnoise/schedulers';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../src/cli/main.ts';

const digits = fileURLToPath(digitsUrl);
const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnoise-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface RunOptions {
  /** Called with what the process has written to stderr so far. */
  readonly watch?: (err: string, interrupt: () => void) => void;
}

function unnoise(args: readonly string[], { watch }: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@unnoise/source', '--import', tsx, cli, ...args], {
    cwd: folder,
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    watch?.(err, () => child.kill('SIGINT'));
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const generate = (...args: string[]): Promise<Ended> =>
  unnoise(['generate', '--model', digits, '--seed', '1', ...args]);

/** The same without a process of its own. */
async function here(args: readonly string[]): Promise<Ended> {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {});
  const err = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const code = await main(args);
    const said = ({ mock }: typeof out): string => mock.calls.map((words) => `${words.join(' ')}\n`).join('');
    return { code, out: said(out), err: said(err) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** One line that begins with the command's name. */
function expectRefusal({ code, err }: Ended, wanted: number, message: RegExp): void {
  expect(err).toMatch(/^unnoise: [^\n]+\n$/);
  expect(err).toMatch(message);
  expect(code).toBe(wanted);
}

describe.concurrent('unnoise generate', { timeout: 60_000 }, () => {
  it('writes a row for each class and says what it did', async ({ expect }) => {
    const { code, out, err } = await generate('--steps', '3', '--scheduler', 'dpm++', '--output', 'made/all.png');
    expect(err).toMatch(/^\d+\/\d+ steps\n/);
    expect([code, err.includes('unnoise:')]).toEqual([0, false]);
    expect(out).toMatch(/model +\S*model-digits-8/);
    expect(out).toMatch(/scheduler +DPMSolverMultistepScheduler, 3 steps\n/);
    expect(out).toMatch(/seed +1 to 80 /);
    expect(out).toMatch(/rows +0, 1, 2, .*8 of each/);
    expect(out).toMatch(/time +[\d.]+ ms a picture/);
    expect(out).toContain(`written    ${join(folder, 'made/all.png')} (910 x 1138)`);
    const { width, height, channels, text } = decode(await readFile(join(folder, 'made/all.png')));
    expect([width, height, channels]).toEqual([910, 1138, 1]);
    expect(JSON.parse(text['Comment']!)).toMatchObject({
      scheduler: 'DPMSolverMultistepScheduler',
      steps: 3,
      seed: 1,
      guidance: 1,
    });
    expect((await readdir(join(folder, 'made'))).length).toBe(1);
  });

  it('gives the same picture for the same seed, whatever the batch', async ({ expect }) => {
    const pictures = await Promise.all(
      ['1', '3'].map(async (batch) => {
        const output = `batch-${batch}/`;
        await generate('-n', '4', '-c', '7', '--count', '3', '--batch', batch, '--size', '1', '-o', output);
        const names = (await readdir(join(folder, output))).sort();
        expect(names).toEqual(['1-7.png', '2-7.png', '3-7.png']);
        return Promise.all(names.map(async (name) => decode(await readFile(join(folder, output, name)))));
      }),
    );
    const [one, three] = pictures.map((list) => list.map(({ data }) => Array.from(data)));
    one!.forEach((data, i) =>
      data.forEach((value, j) => expect(Math.abs(value - three![i]![j]!)).toBeLessThanOrEqual(1)),
    );
    expect(one![0]).not.toEqual(one![1]);
  });

  it('shows previews in the terminal and as a PNG', async ({ expect }) => {
    const args = [
      '-n',
      '3',
      '-c',
      '1,2',
      '-o',
      'shown.png',
      '--preview',
      '--preview-png',
      'preview.png',
      '--guidance',
      '2',
      '--grid',
      '1',
    ];
    const { code, out } = await generate(...args);
    expect(code).toBe(0);
    expect(out.match(/▀/g)!.length).toBe(3 * 17 * 4); // three steps, two pictures of 8 x 8 and a gap
    expect(out).toContain('step 3/3');
    const { width, height } = decode(await readFile(join(folder, 'preview.png')));
    expect([width, height]).toEqual([112, 226]);
  });

  it('takes an installed model package by name, eta, and the model’s own scheduler', async ({ expect }) => {
    const args = ['--model', '@unnoise/model-digits-8', '-n', '2', '-c', '0', '-o', 'named.png'];
    const own = await unnoise(['generate', ...args]);
    expect(own.out).toMatch(/DDPMScheduler, 2 steps\nseed +\d+\n/);
    const eta = await unnoise(['generate', ...args, '--scheduler', 'DDIM', '--eta', '0.5']);
    expect(eta.out).toContain('DDIMScheduler, 2 steps, eta 0.5');
    expect([own.code, eta.code]).toEqual([0, 0]);
  });

  it('on Ctrl-C stops between two steps with 130 and leaves no file', async ({ expect }) => {
    await mkdir(join(folder, 'interrupted'));
    let told = false;
    const watch = (err: string, interrupt: () => void): void => {
      if (told || !err.includes('steps')) return;
      told = true;
      interrupt();
    };
    const args = ['generate', '--model', digits, '--count', '40', '--steps', '500', '-o', 'interrupted/never.png'];
    const { code, err } = await unnoise(args, { watch });
    expect(err).toMatch(/\nunnoise: interrupted [^\n]+\n$/);
    expect(code).toBe(130);
    expect(await readdir(join(folder, 'interrupted'))).toEqual([]);
  });
});

describe.concurrent('unnoise refuses', { timeout: 60_000 }, () => {
  async function broken(name: string, change: (path: string) => Promise<void>): Promise<string> {
    const path = join(folder, name);
    for (const part of ['model_index.json', 'scheduler', 'unet'])
      await cp(join(digits, part), join(path, part), { recursive: true });
    await change(path);
    return path;
  }

  it('a folder that is not there', async () => {
    expectRefusal(await unnoise(['generate', '-m', './nowhere']), 1, /There is no folder ".\/nowhere"/);
  });

  it('a folder that is no model', async () => {
    expectRefusal(await unnoise(['generate', '-m', '.']), 1, /no model_index\.json/);
  });

  it('corrupt JSON', async () => {
    const path = await broken('corrupt', (to) =>
      writeFile(join(to, 'scheduler/scheduler_config.json'), '{"_class_name": "DD'),
    );
    expectRefusal(await unnoise(['generate', '-m', path]), 1, /scheduler_config\.json is not valid JSON/);
  });

  it('a model without its ONNX', async () => {
    const path = await broken('bare', (to) => rm(join(to, 'unet/model.onnx')));
    expectRefusal(await unnoise(['generate', '-m', path]), 1, /no unet\/model\.onnx/);
  });

  it('an ONNX that is none', async () => {
    const path = await broken('garbage', (to) => writeFile(join(to, 'unet/model.onnx'), 'not a graph'));
    expectRefusal(await unnoise(['generate', '-m', path]), 1, /cannot open unet\/model\.onnx/);
  });

  it('an output that cannot be written, before anything is computed', async () => {
    await writeFile(join(folder, 'occupied'), '');
    const ended = await generate('-c', '1', '-o', 'occupied/picture.png');
    expectRefusal(ended, 1, /cannot write to ".*occupied"/);
    expect(ended.out).toBe('');
  });

  it('with the stack, if asked to', async () => {
    const { code, err } = await unnoise(['generate', '-m', './nowhere', '--debug']);
    expect(err).toMatch(/DiffusionError: There is no folder[^]*\n +at /);
    expect(code).toBe(1);
  });
});

// In this process, since so many would take long; the exit code is what `main` returns.
describe('unnoise refuses arguments', () => {
  it.each([
    ['an unknown scheduler', ['-s', 'fancy'], 2, /no scheduler "fancy"\. unnoise schedulers lists them/],
    ['a scheduler that only diffusers has', ['-s', 'HeliosScheduler'], 1, /is not available: diffusers has it/],
    ['a sampler with two schedules', ['-s', 'Heun Karras Beta'], 2, /no scheduler "Heun Karras Beta"/],
    ['an option that a scheduler does not have', ['-s', 'euler', '--eta', '1'], 2, /eta/],
    ['steps that are no number', ['--steps', 'many'], 2, /--steps is "many"/],
    ['no steps', ['--steps', '0'], 2, /--steps is "0"/],
    ['more steps than there are timesteps', ['--steps', '1001', '-c', '1'], 2, /1001/],
    ['guidance that is no number', ['--guidance', 'a'], 2, /--guidance is "a"/],
    ['a negative number as a word of its own', ['--guidance', '-1'], 2, /written --option=-1/],
    ['a seed with a fraction', ['--seed', '1.5'], 2, /--seed is "1.5"/],
    ['an unknown class', ['-c', '3,shoe'], 2, /no class "shoe"\. It has: 0/],
    ['an empty class', ['-c', '3,'], 2, /--class is "3,"/],
    ['an unknown option', ['--colour'], 2, /Unknown option '--colour'\. See/],
    ['an option without its value', ['--steps'], 2, /argument missing/],
    ['what it did not ask for', ['please'], 2, /takes no "please"/],
  ])('%s', async (_, args, code, message) => {
    const output = join(folder, 'refused.png');
    expectRefusal(await here(['generate', '--model', digits, '--output', output, ...args]), code, message);
    expect(existsSync(output)).toBe(false);
  });

  it('of inspect', async () => {
    expectRefusal(await here(['inspect', join(folder, 'nothing')]), 1, /no folder ".*nothing"/);
    expectRefusal(await here(['inspect']), 2, /takes one folder/);
  });

  it('of a command that is not there', async () => {
    expectRefusal(
      await here(['generrate']),
      2,
      /no command "generrate"\. The commands are: generate, inspect, schedulers/,
    );
  });
});

describe.concurrent('unnoise tells', { timeout: 60_000 }, () => {
  it('what a model folder holds', async ({ expect }) => {
    const { code, out } = await unnoise(['inspect', digits]);
    expect(code).toBe(0);
    expect(out).toMatch(/unet +UNet2DModel +127,\d\d\d parameters, model\.onnx 28\d\.\d kB/);
    expect(out).toMatch(/in +sample +float32 +\[batch, 1, 8, 8\]/);
    expect(out).toMatch(/in +class_labels +int64 +\[batch\]/);
    expect(out).toMatch(/scheduler +DDPMScheduler/);
    expect(out).toMatch(/can be +DDIMScheduler, /);
    expect(out).toMatch(/onnxruntime-node +1\.\S+ installed/);
  });

  it('every scheduler with its package and paper, and whose configs it takes', async ({ expect }) => {
    const { code, out } = await unnoise(['schedulers']);
    expect(code).toBe(0);
    const [present, absent] = out.split('Not available');
    expect(present).toMatch(
      /DDIMScheduler +ddim +@unnoise\/scheduler-ddim +arXiv:2010\.02502\n +takes the config of ddpm, /,
    );
    for (const className of Object.keys(schedulers))
      expect(present).toMatch(new RegExp(`^${className} +\\S+ +@unnoise/scheduler-\\S+ +(arXiv:\\d|https:)`, 'm'));
    expect(absent).toContain('HeliosDMDScheduler');
    expect(absent).not.toContain('install');
  });

  it('a scheduler of one’s own, loaded by --import', async ({ expect }) => {
    const core = import.meta.resolve('@unnoise/core');
    const ddim = import.meta.resolve('@unnoise/scheduler-ddim');
    const source = `import { registry } from '${core}';\nimport { DDIMScheduler } from '${ddim}';
      registry.add(class extends DDIMScheduler { static className = 'MineScheduler'; });`;
    await writeFile(join(folder, 'mine.mjs'), source);
    expect((await unnoise(['schedulers', '--import', './mine.mjs'])).out).toMatch(/MineScheduler +\S+ +your own/);
    const { out } = await generate('--import', './mine.mjs', '-s', 'mine', '-n', '2', '-c', '1', '-o', 'mine.png');
    expect(out).toContain('MineScheduler, 2 steps');
  });

  it('how it is used, and its version', async ({ expect }) => {
    const help = await unnoise(['--help']);
    expect(help.out).toMatch(/^Usage: unnoise <command>/);
    expect((await unnoise([])).out).toBe(help.out);
    expect((await unnoise(['generate', '--help'])).out).toMatch(/--guidance <x>/);
    expect((await unnoise(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(help.code).toBe(0);
  });
});
