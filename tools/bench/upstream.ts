// torch_steps.py, where a Python with diffusers is found: $PYTHON, else the repository's .venv. Asked for one run at a time.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** What torch_steps.py says first. */
export interface Versions {
  readonly torch: string;
  readonly diffusers: string;
  /** What torch takes where nobody says how many. */
  readonly threads: number;
}

/** The fields that torch_steps.py reads. */
export interface Asked {
  readonly of: 'diffusers' | 'k-diffusion' | 'randn';
  readonly shape: readonly number[];
  readonly class?: string;
  readonly config?: object;
  readonly steps?: number;
  readonly calls?: number;
}

export class Upstream {
  readonly versions: Versions;
  readonly #python: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(python: ChildProcess, lines: AsyncIterator<string>, versions: Versions) {
    this.#python = python;
    this.#lines = lines;
    this.versions = versions;
  }

  /** Or the reason why there is none. */
  static async start(root: string): Promise<Upstream | string> {
    const python = process.env['PYTHON'] ?? `${root}/.venv/bin/python`;
    if (!existsSync(python)) return 'no Python: set PYTHON, or make .venv from tools/golden/requirements.txt';
    const child = spawn(python, [`${root}/tools/bench/torch_steps.py`], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value: first, done } = await lines.next();
    if (done) return 'Python ended before it said anything: is diffusers installed?';
    return new Upstream(child, lines, JSON.parse(first) as Versions);
  }

  /** The numbers of threads to race against: one, and torch's own choice; where other programs run too, that waits for them. */
  get threads(): readonly number[] {
    return process.env['BENCH_ONE_THREAD'] ? [1] : [...new Set([1, this.versions.threads])];
  }

  /** Microseconds of every step of one run. */
  async run(asked: Asked, threads: number): Promise<readonly number[]> {
    this.#python.stdin!.write(`${JSON.stringify({ ...asked, threads })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`Python failed at ${JSON.stringify(asked)}`);
    return JSON.parse(value) as readonly number[];
  }

  end(): void {
    this.#python.stdin!.end();
  }
}
