// One command on a fresh machine: install what the lockfile says, once, then do the job. Needs only Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vulkan } from './devices.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: unnoise needs 20.19 or newer.`);
  process.exit(1);
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PATH = join(root, 'node_modules/.bin') + delimiter + process.env.PATH;
const env = { ...process.env, ...vulkan(), NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', PATH };
const quote = process.platform === 'win32' ? JSON.stringify : (arg) => `'${arg.replaceAll("'", `'\\''`)}'`;

function sh(command) {
  const { status } = spawnSync(command, { cwd: root, env, stdio: 'inherit', shell: true });
  if (status !== 0) process.exit(status ?? 1);
}

function install() {
  const stamp = join(root, 'node_modules/.installed');
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'));
  const want = createHash('sha256').update(pnpm).update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return;
  sh(`npx --yes ${pnpm} install --frozen-lockfile`);
  writeFileSync(stamp, want);
}

const [job, ...args] = process.argv.slice(2);
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const ts = 'node --conditions=@unnoise/source --import tsx';
const generate = `${ts} packages/pipelines/src/cli.ts generate --scheduler dpm++ --steps 20`;
const emoji = 'packages/model-emoji-ldm-64';
const prompts =
  '"red apple" "dog face" "cat face" panda fox "four leaf clover" tulip "smiling face with sunglasses" --style noto,fluent --seed 0';
const jobs = {
  start: existsSync(join(root, emoji, 'unet/model.onnx'))
    ? `${generate} ${prompts} --model ${emoji} --output out/emoji.png`
    : `${generate} --guidance 2 --output out/fashion-28.png`,
  test: `vitest run ${['default', './tools/device-reporter.ts', './tools/count-reporter.ts'].map((name) => `--reporter=${name}`).join(' ')}`,
  bench: `${ts} tools/bench/index.ts`,
  'bench:image': `${ts} tools/bench/text-to-image.ts`,
  'device-loop': `vitest run --project chromium packages/pipelines/test/device-loop.browser.test.ts && ${ts} tools/device-loop.ts`,
  eval: `${ts} tools/eval/index.ts`,
  guide: `${ts} tools/guide/index.ts`,
  convergence: `${ts} tools/convergence/index.ts`,
  fuzz: `${ts} tools/fuzz/index.ts`,
  conformance: `${ts} conformance/test/report.ts`,
  build: `${ts} tools/build.ts`,
  'build:readme': `${ts} tools/check/index.ts readme --write`,
  fix: `${ts} tools/check/index.ts lint manifests lazy-map readme format --write`,
  check: `${ts} tools/check/index.ts`,
  docs: `npx --yes ${pnpm} --dir docs install --frozen-lockfile && npx --yes ${pnpm} --dir docs run build`,
  pnpm: `npx --yes ${pnpm}`,
};
if (!(job in jobs)) {
  console.error(`No job "${job}". The jobs are: ${Object.keys(jobs).join(', ')}.`);
  process.exit(1);
}
if (job !== 'pnpm') install();
sh([jobs[job], ...args.map(quote)].join(' '));
