// The workspace as data: its published packages and the files in them. Shared by the build and the checks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

export type Dependencies = Readonly<Record<string, string>>;

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly private?: boolean;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Dependencies;
  readonly peerDependencies?: Dependencies;
}

export interface Package {
  /** Folder relative to the root, with forward slashes. */
  readonly dir: string;
  readonly manifest: Manifest;
}

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(root, ...path), 'utf8')) as T;
}

/** Every published package: those of packages, conformance and the nx plugin. */
export function packages(): Package[] {
  const dirs = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
  return [...dirs, 'conformance', 'tools/nx']
    .filter((dir) => existsSync(join(root, dir, 'package.json')))
    .map((dir) => ({ dir, manifest: readJson<Manifest>(dir, 'package.json') }))
    .filter(({ manifest }) => !manifest.private);
}

/** The packages written in TypeScript; the others ship as they are. */
export function built(): Package[] {
  return packages().filter(({ dir }) => existsSync(join(root, dir, 'src/index.ts')));
}

export function schedulers(): Package[] {
  return packages().filter(({ dir }) => dir.startsWith('packages/scheduler-'));
}

/** All files below a folder, relative to the root, node_modules and dist left out. */
export function files(dir: string): string[] {
  if (!existsSync(join(root, dir))) return [];
  return readdirSync(join(root, dir), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? files(`${dir}/${entry.name}`) : [`${dir}/${entry.name}`]));
}
