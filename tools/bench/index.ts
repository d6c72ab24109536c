// npm run bench [-- --write]: measures, prints tables, writes out/bench.json, and with --write renders docs/performance.md.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type as system } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { benchImage } from './image.ts';
import { page } from './page.ts';
import { goals, type Parts, type Report, tables } from './report.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const out = join(root, 'out');

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${first?.model.trim()}, ${cpus().length} logical CPUs, ${memory} GiB, ${system()} ${release()}, Node ${process.version}`;
}

async function measured(): Promise<Parts> {
  const bundle = join(out, 'bench.mjs');
  await build({
    entryPoints: [join(root, 'tools/bench/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@unnoise/source'],
    external: ['@tensorflow/*', 'onnxruntime-node', 'webgpu'], // as Node loads them; and their wasm lies beside them
    outfile: bundle,
    logLevel: 'warning',
  });
  const { status, stdout } = spawnSync(process.execPath, [bundle, root], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the benchmark ended with status ${status}`);
  return Object.assign(
    {},
    ...stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ) as Parts;
}

mkdirSync(out, { recursive: true });
const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  ...(await measured()),
  image: benchImage(root),
};
writeFileSync(join(out, 'bench.json'), `${JSON.stringify(report, undefined, 2)}\n`);
console.log(`${report.machine}\n\n${tables(report)}\n\n${goals(report)}\n`);
if (process.argv.includes('--write')) writeFileSync(join(root, 'docs/performance.md'), page(report));
