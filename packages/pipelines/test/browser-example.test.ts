// The page of examples/browser-webgpu builds, with its worker and ONNX Runtime's program beside it.

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Rolldown } from 'vite';
import { build } from 'vite';

it('the example page builds from its own config', async () => {
  const configFile = fileURLToPath(new URL('../../../examples/browser-webgpu/vite.config.ts', import.meta.url));
  const { output } = (await build({
    configFile,
    logLevel: 'silent',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  const files = output.map(({ fileName }) => fileName);
  expect(files).toContain('examples/browser-webgpu/index.html');
  for (const part of [/index-.*\.js$/, /worker-.*\.js$/, /ort-wasm-.*\.wasm$/])
    expect(
      files.some((file) => part.test(file)),
      `${part} among ${files.join(', ')}`,
    ).toBe(true);
}, 120_000);
