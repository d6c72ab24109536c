// Runs torch_steps.py where a Python with diffusers is found: $PYTHON, else the repository's .venv.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import type { Timing } from './measure.ts';

export interface TorchRun {
  readonly torch: string;
  readonly diffusers: string;
  readonly threads: number;
  readonly steps: Readonly<Record<string, Timing>>;
}

/** One run per number of threads, or the reason why there is none. */
export function benchTorch(root: string): readonly TorchRun[] | string {
  const python = process.env['PYTHON'] ?? `${root}/.venv/bin/python`;
  if (!existsSync(python)) return 'no Python: set PYTHON, or make .venv from tools/golden/requirements.txt';
  const runs: TorchRun[] = [];
  for (const threads of ['1', '2']) {
    const env = { ...process.env, OMP_NUM_THREADS: threads, PYTHONWARNINGS: 'ignore' };
    const { status, stdout, stderr } = spawnSync(python, [`${root}/tools/bench/torch_steps.py`], {
      env,
      encoding: 'utf8',
    });
    if (status !== 0) return `Python failed: ${stderr.trim().split('\n').at(-1)}`;
    runs.push(JSON.parse(stdout) as TorchRun);
  }
  return runs;
}
