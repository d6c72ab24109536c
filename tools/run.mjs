// One command on a fresh machine: install what the lockfile says, once, then do the job.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = { ...process.env, NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', PATH: join(root, 'node_modules/.bin') + delimiter + process.env.PATH };
const sh = (command) => {
  const { status } = spawnSync(command, { cwd: root, env, stdio: 'inherit', shell: true });
  if (status !== 0) process.exit(status ?? 1);
};

const [job, ...args] = process.argv.slice(2);
const rest = args.map((arg) => JSON.stringify(arg)).join(' ');
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.replace(/\+.*/, '');
if (job === 'pnpm') { sh(`npx --yes ${pnpm} ${rest}`); process.exit(0); }

const stamp = join(root, 'node_modules/.installed');
const want = createHash('sha256').update(pnpm).update(readFileSync(join(root, 'pnpm-lock.yaml'))).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== want) {
  sh(`npx --yes ${pnpm} install --frozen-lockfile`);
  writeFileSync(stamp, want);
}
const ts = 'node --conditions=@unnoise/source --import tsx';
const jobs = {
  test: `vitest run ${rest}`,
};
sh(jobs[job] ?? `echo "unknown job ${job}" && exit 1`);
