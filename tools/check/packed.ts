// What users get: every package built afresh and packed as `pnpm publish` would. Made once per run of the checks.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, pnpm, problemsOf } from './shell.ts';

let folder: string | undefined;
let problems: string[] | undefined;

/** A folder outside the repository that is gone when the checks are over. */
export function temporaryFolder(name: string): string {
  const made = mkdtempSync(join(tmpdir(), `unnoise-${name}-`));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Fills every dist anew, so that no file of a removed source is left in it. */
export function buildProblems(): string[] {
  return (problems ??= problemsOf('node --conditions=@unnoise/source --import tsx tools/build.ts --clean'));
}

/** For checks that look at what was built. */
export function build(): void {
  if (buildProblems().length > 0) throw new Error('not checked, because the build fails: npm run check build');
}

/** The tarballs' folder. pnpm puts in the licence of the root and replaces `workspace:` ranges. */
export function packed(): string {
  if (folder) return folder;
  build();
  const made = temporaryFolder('pack');
  const filters = ['./packages/*', './conformance', './tools/nx'].map((path) => `--filter '${path}'`).join(' ');
  must(`${pnpm} -r ${filters} pack --pack-destination ${made}`);
  folder = made;
  return made;
}

/** Path of the tarball of a package: '@unnoise/core'. */
export function tarball(name: string): string {
  const start = `${name.replace('@', '').replace('/', '-')}-`;
  const file = readdirSync(packed()).find((other) => other.startsWith(start) && /^\d/.test(other.slice(start.length)));
  if (!file) throw new Error(`${name} was not packed`);
  return join(packed(), file);
}
