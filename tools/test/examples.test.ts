// The examples run, and do what they say: each is a program that exports what its last lines print.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { root } from '../workspace.ts';

/** Runs an example and gives what it exports, once it has written its picture. */
async function run(name: string): Promise<Readonly<Record<string, number>>> {
  const began = Date.now() - 1000; // file systems round
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const result = (await import(`../../examples/${name}.ts`)) as Readonly<Record<string, number>>;
  expect(log).toHaveBeenLastCalledWith(`wrote out/examples/${name}.png`);
  log.mockRestore();
  const file = join(root, `out/examples/${name}.png`);
  expect(statSync(file).mtimeMs).toBeGreaterThan(began);
  expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
  return result;
}

describe('an example of', () => {
  it('RePaint keeps one half of each picture and makes the other', async () => {
    const { kept, made } = await run('repaint');
    expect(kept).toBe(0);
    expect(made).toBeGreaterThan(0.1);
  });

  it('VQ-Diffusion draws digits of the data', async () => {
    expect((await run('vq-diffusion'))['real']).toBeGreaterThanOrEqual(9);
  });

  it('the consistency decoder sees more in a latent than its blocks', async () => {
    const { decoded, enlarged } = await run('consistency-decoder');
    expect(decoded).toBeLessThan(0.85 * enlarged!);
  });

  it('score SDE, variance exploding, ends at real digits', async () => {
    expect((await run('score-sde-ve'))['farthest']).toBeLessThan(0.1);
  });

  it.each(['score-sde-vp', 'karras-ve'])('%s gives pictures of black to white', async (name) => {
    expect((await run(name))['outside']).toBeLessThan(0.01);
  });

  it.each([
    ['ddim-inverse', 0.1],
    ['dpmsolver-inverse', 0.02],
  ] as const)('%s returns to the pictures', async (name, bound) => {
    const { error, mean, deviation } = await run(name);
    expect(error).toBeLessThan(bound);
    expect(Math.abs(mean!)).toBeLessThan(0.1);
    expect(deviation).toBeGreaterThan(0.7);
    expect(deviation).toBeLessThan(1.1);
  });

  it('unCLIP draws clothes: as much black around them as around real ones', async () => {
    const { drawn, real } = await run('unclip');
    expect(drawn).toBeGreaterThan(0.35);
    expect(Math.abs(drawn! - real!)).toBeLessThan(0.2);
  });

  it('Amused draws digits: each agrees with a real one of its kind in nearly all pixels', async () => {
    expect((await run('amused'))['least']).toBeGreaterThan(0.9);
  });
});
