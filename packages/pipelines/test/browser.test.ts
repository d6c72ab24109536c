// The library entry is for browsers too.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the library entry bundles for browsers, without Node, ONNX Runtime, a PNG encoder or the CPU backend', async () => {
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
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output!.inputs).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [path] : [],
  );
  expect(inputs.some((path) => path.endsWith('loop/denoise.ts'))).toBe(true);
  expect(inputs.filter((path) => path.includes('node_modules') || path.includes('backend-cpu'))).toEqual([]);
});
