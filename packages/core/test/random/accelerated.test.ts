// Torch's normals by WebAssembly against the plain loops and against torch: the way they are computed must not show.
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { accelerate, accelerated } from '../../src/random/accelerated.ts';
import { BLOCK, boxMuller32 } from '../../src/random/box-muller.ts';
import { torchGenerator } from '../../src/random/index.ts';
import { accelerate as compile } from '../../src/random/normal-wasm.ts';
import { type Digest, digest, golden } from './golden.ts';

interface Large {
  readonly huge: { readonly seed: string; readonly size: number; readonly 'normal float32': Digest };
}

const STEP = 61;
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer);

/** Words whose radii (at 0) or angles (at 8) are every 61st of the 2^24 there are; the other half of a block is scattered. */
function sieve(at: 0 | 8): Uint32Array {
  const words = new Uint32Array(2 * 8 * Math.ceil(2 ** 24 / STEP / 8));
  for (let i = 0; i < words.length / 2; i++) {
    const block = (i >> 3) * BLOCK + (i & 7);
    words[block + at] = i * STEP;
    words[block + 8 - at] = Math.imul(i, 0x9e3779b1) >>> 3;
  }
  return words;
}

function plainly(words: Uint32Array): Float32Array {
  const out = new Float32Array(words.length);
  for (let i = 0; i < words.length; i += BLOCK) boxMuller32(words.subarray(i, i + BLOCK), out, i);
  return out;
}

function fast(words: Uint32Array): Float32Array {
  const out = new Float32Array(words.length);
  let done = 0;
  accelerated!.normals(out, (part) => {
    part.set(words.subarray(done, done + part.length));
    done += part.length;
  });
  return out;
}

describe('normals by WebAssembly', () => {
  // in a process of its own: here, another file may have asked for them
  test('come with the first large draw, whose numbers go on as if nothing had happened', () => {
    const flags = ['--import', 'tsx', '--input-type=module', '--eval'];
    const program = `
      import * as way from './src/random/accelerated.ts';
      import { torchGenerator } from './src/random/index.ts';
      const generator = torchGenerator(5);
      const [before, first] = [way.accelerated, generator.normal([8192])];
      while (!way.accelerated) await new Promise((resolve) => setTimeout(resolve, 1));
      const [whole, rest] = [torchGenerator(5).normal([2 * 8192]), generator.normal([8192])];
      const same = (a, b) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
      console.log(before === undefined, same(first, whole.slice(0, 8192)), same(rest, whole.slice(8192)));`;
    const cwd = new URL('../../', import.meta.url);
    expect(execFileSync(process.execPath, [...flags, program], { cwd, encoding: 'utf8' })).toBe('true true true\n');
  });

  describe('once they have come', () => {
    beforeAll(accelerate);

    test.each([
      ['radius', 0],
      ['angle', 8],
    ] as const)('every 61st %s gives the bits of the plain loops', (_, at) => {
      const words = sieve(at);
      expect(Buffer.compare(Buffer.from(bits(fast(words)).buffer), Buffer.from(bits(plainly(words)).buffer))).toBe(0);
    });

    test('the ends of both give them too', () => {
      const ends = [0, 1, 2, 0x7fffff, 0x800000, 0x800001, 0xbfffff, 0xc00000, 0xc00001, 0xfffffe, 0xffffff];
      const pairs = ends.flatMap((radius) => ends.map((angle) => [radius, angle] as const));
      const words = new Uint32Array(BLOCK * pairs.length);
      pairs.forEach(([radius, angle], i) => {
        words.fill(radius, BLOCK * i, BLOCK * i + 8);
        words.fill(angle, BLOCK * i + 8, BLOCK * (i + 1));
      });
      expect(bits(fast(words))).toEqual(bits(plainly(words)));
    });

    test('a million numbers with an odd tail equal torch', () => {
      const { huge } = golden<Large>('large');
      expect(digest(torchGenerator(BigInt(huge.seed)).normal([huge.size]))).toEqual(huge['normal float32']);
    });

    test('a stream that was saved goes on from any word', () => {
      const generator = torchGenerator(11);
      generator.uniform([7]);
      const rest = torchGenerator(0);
      rest.restore(generator.save());
      expect(rest.normal([5000])).toEqual(generator.normal([5000]));
      expect(rest.uniform([9])).toEqual(generator.uniform([9]));
    });
  });

  test('where WebAssembly is not compiled there are none', () => {
    const refused = vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
      throw new WebAssembly.CompileError('not here');
    });
    expect(compile()).toBeUndefined();
    refused.mockRestore();
  });
});
