// Runs text-to-image.ts on the repository's model and takes down what it says.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Milliseconds of each part. */
export interface ImageRow {
  readonly name: string;
  readonly median: number;
  readonly fastest: number;
}

/** Or the reason why there is nothing. */
export function benchImage(root: string): readonly ImageRow[] | string {
  if (!existsSync(`${root}/packages/model-emoji-ldm-64/unet/model.onnx`))
    return 'the weights of the emoji model are not here';
  const script = `${root}/tools/bench/text-to-image.ts`;
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, script, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? (JSON.parse(stdout) as ImageRow[]) : `text-to-image.ts ended with status ${status}`;
}
