// The command with a model that draws from prompts: what is drawn, how it is laid out, and what is refused.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder as digitsUrl } from '@unnoise/model-digits-8';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../src/cli/main.ts';
import { readPng, savePng } from '../src/node.ts';

const model = fileURLToPath(new URL('./models/sd-float32', import.meta.url));
const digits = fileURLToPath(digitsUrl);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnoise-cli-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function unnoise(...args: readonly string[]): Promise<Ended> {
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

const generate = (...args: readonly string[]): Promise<Ended> =>
  unnoise('generate', '--model', model, '--seed', '7', '--steps', '3', ...args);

const at = (name: string): string => join(folder, name);

async function bytesOf(name: string): Promise<readonly number[]> {
  return Array.from((await readPng(at(name))).data);
}

describe('unnoise generate with a prompt', () => {
  it('draws it, with the model’s own guidance, and notes how in the file', async () => {
    const { code, out } = await generate(
      'red apple',
      '--style',
      'flat',
      '--scheduler',
      'unipc',
      '--out',
      at('one.png'),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/UniPCMultistepScheduler, 3 steps, guidance 2\.5\nseed +7\npicture +red apple, flat\n/);
    const { text, width } = decode(await readFile(at('one.png')));
    expect(width).toBe(112);
    const how = { scheduler: 'UniPCMultistepScheduler', steps: 3, seed: 7, guidance: 2.5, prompt: 'red apple, flat' };
    expect(JSON.parse(text['Comment']!)).toMatchObject(how);
  });

  it('draws a row of prompts for each style', async () => {
    const { out } = await generate('red apple', 'dog', '--style', 'flat,plain', '--size', '1', '-o', at('grid.png'));
    expect(out).toMatch(/seed +7 to 10 .*\nrows +flat, plain; 2 of each/);
    const { width, height } = decode(await readFile(at('grid.png')));
    expect([width, height]).toEqual([34, 34]);
  });

  it('gives each picture its own file in a folder, named by what it shows', async () => {
    await generate('red apple', 'dog', '--count', '2', '-o', `${at('files')}/`);
    const names = ['7-red-apple.png', '8-red-apple.png', '9-dog.png', '10-dog.png'];
    expect((await readdir(at('files'))).sort()).toEqual(names.sort());
  });

  it('leads away from what is negative', async () => {
    await generate('dog', '-o', at('plain.png'));
    await generate('dog', '--negative', 'red apple', '-o', at('away.png'));
    expect(await bytesOf('away.png')).not.toEqual(await bytesOf('plain.png'));
  });

  it('starts from a picture of any size and paints inside a mask', async () => {
    const side = 40;
    const image = (value: (x: number) => number) => ({
      data: Uint8ClampedArray.from({ length: side * side }, (_, i) => value(i % side)),
      width: side,
      height: side,
      channels: 1 as const,
    });
    await savePng(
      at('image.png'),
      image((x) => 6 * x),
    );
    await savePng(
      at('mask.png'),
      image((x) => (x < side / 2 ? 0 : 255)),
    );
    const start = ['dog', '--image', at('image.png'), '--size', '1'];
    const { code } = await generate(...start, '--mask', at('mask.png'), '-o', at('painted.png'));
    expect(code).toBe(0);
    await generate(...start, '--strength', '0.4', '-o', at('near.png'));
    expect((await readPng(at('painted.png'))).width).toBe(16);
    expect(await bytesOf('near.png')).not.toEqual(await bytesOf('painted.png'));
  });

  it.each([
    ['no prompt', [], /draws from a prompt: unnoise generate "red apple"/],
    ['a class', ['dog', '--class', '3'], /--class is for models that draw by class/],
    ['a style that it lacks', ['dog', '--style', 'cubist'], /no style "cubist"/],
    ['a mask alone', ['dog', '--mask', 'mask.png'], /--mask needs a picture/],
    ['a strength alone', ['dog', '--strength', '0.5'], /--strength is for a picture/],
    ['an empty style', ['dog', '--style', 'flat,'], /--style is "flat,"/],
    ['a picture that is none', ['dog', '--image', join(model, 'model_index.json')], /no PNG that can be read/],
  ])('%s is refused', async (_, args, message) => {
    const { code, err } = await generate(...args, '-o', at('refused.png'));
    expect(err).toMatch(/^unnoise: [^\n]+\n$/);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  it('a model that draws by class takes no prompt and no picture', async () => {
    const classes = (...args: readonly string[]) => unnoise('generate', '--model', digits, '-o', at('x.png'), ...args);
    expect(await classes('red apple')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"red apple".*no prompts/),
    });
    expect(await classes('--image', 'x.png')).toMatchObject({ code: 2, err: expect.stringMatching(/--image is for/) });
  });
});

describe('unnoise inspect of a text-to-image folder', () => {
  it.each([
    ['sd-float32', false],
    ['sd-float16', true],
  ])('%s: parts, and the tokenizer library where it is needed', async (name, library) => {
    const { code, out } = await unnoise('inspect', fileURLToPath(new URL(`./models/${name}`, import.meta.url)));
    expect(code).toBe(0);
    for (const part of ['tokenizer', 'text_encoder', 'unet', 'vae_decoder', 'vae_encoder'])
      expect(out).toMatch(new RegExp(`\\n${part}  \\w`));
    expect(/@huggingface\/tokenizers +\d+\.\d+\.\d+ installed/.test(out)).toBe(library);
  });
});
