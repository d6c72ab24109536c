// npm run check [names] [-- --fast | --write]: every check in turn, a line for each, the count last.
// A check returns its problems; what it prints itself is for reading, not for judging.
import { boundaries } from './boundaries.ts';
import { size, treeShaking } from './bundle.ts';
import { commands } from './commands.ts';
import { guide } from './guide.ts';
import { lazyMap } from './lazy-map.ts';
import { manifests } from './manifests.ts';
import { examples, readme } from './readmes.ts';
import { runtimes } from './runtimes.ts';
import { structure } from './structure.ts';
import { tarballs } from './tarballs.ts';
import { runners, thirdParties } from './third-parties.ts';

export interface Check {
  readonly name: string;
  /** What it guards, in a few words. */
  readonly about: string;
  /** Left out by --fast. */
  readonly slow?: boolean;
  /** `write`: mend what can be mended. */
  readonly run: (write: boolean) => string[] | Promise<string[]>;
}

const checks: readonly Check[] = [
  ...commands,
  manifests,
  lazyMap,
  structure,
  readme,
  examples,
  guide,
  boundaries,
  size,
  treeShaking,
  tarballs,
  runners,
  thirdParties,
  ...runtimes,
];

async function outcome(check: Check, write: boolean): Promise<boolean> {
  const start = performance.now();
  const problems = await Promise.resolve()
    .then(() => check.run(write))
    .catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  for (const problem of problems) console.log(problem);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${check.name.padEnd(12)} ${check.about} (${seconds} s)`);
  return problems.length === 0;
}

function chosen(args: readonly string[]): readonly Check[] {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(`No check "${unknown.join(', ')}". The checks are: ${checks.map(({ name }) => name).join(', ')}.`);
    process.exit(1);
  }
  if (names.length > 0) return checks.filter(({ name }) => names.includes(name));
  return checks.filter(({ slow }) => !(slow && args.includes('--fast')));
}

const args = process.argv.slice(2);
let passed = 0;
const list = chosen(args);
for (const check of list) if (await outcome(check, args.includes('--write'))) passed++;
console.log(`${passed} passed, ${list.length - passed} failed`);
process.exitCode = passed === list.length ? 0 : 1;
