// The library entry is for browsers too.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the library entry bundles for browsers, without Node, ONNX Runtime or a PNG encoder', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser', // fails on an import of node:*
    conditions: ['@unnoise/source'],
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.endsWith('loop/denoise.ts'))).toBe(true);
  expect(inputs.filter((path) => path.includes('node_modules') || path.includes('backend-cpu'))).toEqual([]);
});
