// The tarballs as a user's tools see them: publint for the manifest, "are the types wrong" for every entry point, ES modules only.
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { built, type Package, packages } from '../workspace.ts';
import type { Check } from './index.ts';
import { tarball } from './packed.ts';

/** Resolutions that an ES module package does not have, on purpose. */
const IGNORED = ['node10', 'node16-cjs'];

async function publintProblems(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  return messages.map((message) => `${name}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

function describe(problem: Problem): string {
  const where = 'entrypoint' in problem ? `${problem.entrypoint} (${problem.resolutionKind})` : '';
  return `${problem.kind} ${where}`;
}

async function typeProblems(name: string, bytes: Uint8Array): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(bytes), { excludeEntrypoints: ['./package.json'] });
  if (!result.types) return [`${name}: has no types`];
  return result.problems
    .filter((problem) => !('resolutionKind' in problem && IGNORED.includes(problem.resolutionKind)))
    .map((problem) => `${name}: ${describe(problem)}`);
}

function missingFiles(name: string, bytes: Uint8Array): string[] {
  const pack = createPackageFromTarballData(bytes);
  const wanted = ['LICENSE', 'README.md', 'package.json'];
  return wanted
    .filter((file) => !pack.fileExists(`/node_modules/${name}/${file}`))
    .map((file) => `${name}: no ${file} in the tarball`);
}

async function problemsOf({ manifest: { name } }: Package, typed: boolean): Promise<string[]> {
  const bytes = new Uint8Array(readFileSync(tarball(name)));
  const types = typed ? await typeProblems(name, bytes) : [];
  return [...missingFiles(name, bytes), ...(await publintProblems(name, bytes)), ...types];
}

export const tarballs: Check = {
  name: 'tarballs',
  about: 'publint and attw on what would be published',
  run: async () => {
    const typed = new Set(built().map(({ dir }) => dir));
    const all = await Promise.all(packages().map((entry) => problemsOf(entry, typed.has(entry.dir))));
    return all.flat();
  },
};
