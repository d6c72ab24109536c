// A package is a manifest, a README, src and test; a scheduler is exactly the files below. A further source file gives its reason in
// its header; a further entry in a package's folder has it here.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SchedulerClass } from '@unnoise/core';
import { files, type Package, packages, root, schedulers } from '../workspace.ts';
import type { Check } from './index.ts';

const REQUIRED = ['package.json', 'README.md', 'src/index.ts', 'src/register.ts', 'test/conformance.test.ts'];
const ALLOWED = [/^CHANGELOG\.md$/, /^test\/[a-z0-9-]+\.test\.ts$/];
const MORE_SOURCE = /^src\/[a-z0-9-]+\.ts$/;

/** Things in a package's folder beside manifest, README, src and test, and why they are there. */
const EXTRA_ENTRIES: Readonly<Record<string, string>> = {
  'conformance/golden': 'recorded from diffusers; shipped, so that other implementations can test against it',
};

export const HEADINGS: readonly string[] = [
  'Install',
  'Use',
  'The update',
  'Config',
  'Compatible with',
  'Identities',
  'Differences from diffusers',
  'References',
];

/** A source file beside index.ts and register.ts: its first line says what it is for. */
function hasReason(path: string, inPackage: string): boolean {
  return MORE_SOURCE.test(inPackage) && readFileSync(join(root, path), 'utf8').startsWith('// ');
}

function fileProblems({ dir }: Package): string[] {
  const have = files(dir).map((path) => path.slice(dir.length + 1));
  const missing = REQUIRED.filter((path) => !have.includes(path)).map((path) => `${dir}/${path} is missing`);
  const known = (path: string): boolean =>
    REQUIRED.includes(path) || ALLOWED.some((pattern) => pattern.test(path)) || hasReason(`${dir}/${path}`, path);
  const extra = have.filter((path) => !known(path)).map((path) => `${dir}/${path} has no place in a scheduler package`);
  return [...missing, ...extra];
}

function headingProblems({ dir, manifest }: Package): string[] {
  const have = readFileSync(join(root, dir, 'README.md'), 'utf8').match(/^##? .*$/gm) ?? [];
  const want = [`# ${manifest.name}`, ...HEADINGS.map((heading) => `## ${heading}`)];
  return have.join('\n') === want.join('\n')
    ? []
    : [`${dir}/README.md: headings are ${have.join(', ')}; they must be ${want.join(', ')}`];
}

/** The scheduler class of a package: its one export with a className. */
export async function schedulerClass({ dir }: Package): Promise<SchedulerClass | undefined> {
  const exported: Record<string, unknown> = await import(pathToFileURL(join(root, dir, 'src/index.ts')).href);
  const classes = Object.values(exported).filter((value) => typeof value === 'function' && 'className' in value);
  return classes.length === 1 ? (classes[0] as SchedulerClass) : undefined;
}

async function classProblems(entry: Package): Promise<string[]> {
  const found = await schedulerClass(entry);
  if (!found) return [`${entry.dir}/src/index.ts must export exactly one class with a className`];
  const { packageOf } = await import('@unnoise/core'); // not above: a broken core must not stop the other checks
  const { className } = found;
  const plain = `${entry.dir.replace('packages/scheduler-', '').replaceAll('-', '')}scheduler`;
  const fits = packageOf(className) === entry.manifest.name || className.toLowerCase() === plain;
  return fits ? [] : [`${entry.dir}: className is ${className}, which is not the name of this package`];
}

function strayEntries({ dir }: Package): string[] {
  if (dir === 'tools/nx' || dir.startsWith('packages/model-')) return []; // no TypeScript in these
  const usual = ['package.json', 'README.md', 'CHANGELOG.md', 'src', 'test', 'dist', 'node_modules'];
  return readdirSync(join(root, dir))
    .filter((name) => !usual.includes(name) && !(`${dir}/${name}` in EXTRA_ENTRIES))
    .map((name) => `${dir}/${name} has no place in a package`);
}

function vagueNames(): string[] {
  const all = ['packages', 'conformance', 'tools'].flatMap(files);
  return all
    .filter((path) => /^utils?\.[a-z]+$/.test(basename(path)))
    .map((path) => `${path}: name it by what it does`);
}

export const structure: Check = {
  name: 'structure',
  about: 'files, headings and class of every scheduler; nothing stray',
  run: async () => {
    const ofSchedulers = schedulers().map(async (entry) => {
      const missing = fileProblems(entry);
      if (missing.length > 0) return missing;
      return [...headingProblems(entry), ...(await classProblems(entry))];
    });
    return [...(await Promise.all(ofSchedulers)).flat(), ...packages().flatMap(strayEntries), ...vagueNames()];
  },
};
