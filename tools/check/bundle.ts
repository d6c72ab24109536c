// What reaches a browser: bundle sizes, and whether an unused scheduler is dropped while a registered one is not.
import { relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildResult, build as esbuild } from 'esbuild';
import { type Package, root, schedulers } from '../workspace.ts';
import type { Check } from './index.ts';
import { build } from './packed.ts';
import { schedulerClass } from './structure.ts';

const LIMIT = 15 * 1024;

/** A small program for browsers as a user's bundler sees it: from dist, and every warning an error. */
function bundle(program: string, splitting: boolean): Promise<BuildResult<{ write: false; metafile: true }>> {
  return esbuild({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify: true,
    splitting,
    outdir: root,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    absWorkingDir: root,
    logLevel: 'silent',
    logOverride: { 'ignored-bare-import': 'error' },
  });
}

async function bundled(program: string): Promise<string> {
  return (await bundle(program, false)).outputFiles[0]?.text ?? '';
}

/** The files that are loaded before the program can start: what it imports on demand is not among them. */
async function loadedAtOnce(program: string): Promise<string[]> {
  const { outputFiles, metafile } = await bundle(program, true);
  const wanted = new Set(['stdin.js']);
  for (const path of wanted) {
    const { imports = [] } = metafile.outputs[path] ?? {};
    for (const found of imports) if (found.kind === 'import-statement') wanted.add(found.path);
  }
  return outputFiles
    .filter(({ path }) => wanted.has(relative(root, path).replaceAll(sep, '/')))
    .map(({ text }) => text);
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(2).padStart(7)} KiB`;

async function sizeOf(name: string, program: string): Promise<number> {
  const codes = await loadedAtOnce(program);
  const total = (lengths: number[]): number => lengths.reduce((sum, length) => sum + length, 0);
  const zipped = total(codes.map((code) => gzipSync(code, { level: 9 }).length));
  console.log(`${name.padEnd(44)} ${kib(total(codes.map((code) => code.length)))} minified ${kib(zipped)} gzipped`);
  return zipped;
}

async function tooLarge({ manifest: { name } }: Package): Promise<string[]> {
  const size = await sizeOf(name, `export * from '${name}';`);
  return size <= LIMIT ? [] : [`${name} with core is ${kib(size)} gzipped; the limit is ${kib(LIMIT)}`];
}

export const size: Check = {
  name: 'size',
  about: 'a scheduler and all that it needs of core: at most 15 KiB gzipped',
  run: async () => {
    build();
    await sizeOf('@unnoise/core, all of it', `export * from '@unnoise/core';`);
    const problems: string[] = [];
    for (const entry of schedulers()) problems.push(...(await tooLarge(entry)));
    return problems;
  },
};

const evaluate = (code: string): Promise<Record<string, unknown>> =>
  import(`data:text/javascript,${encodeURIComponent(code)}`);

/** Importing a package without using it must change nothing at all. */
async function dropped({ manifest: { name } }: Package): Promise<string[]> {
  const program = `export { registry } from '@unnoise/core';`;
  const same = (await bundled(`import * as unused from '${name}'; ${program}`)) === (await bundled(program));
  return same ? [] : [`${name} leaves something in the bundle of a program that does not use it`];
}

async function registered(entry: Package, className: string): Promise<string[]> {
  const { name } = entry.manifest;
  const code = await bundled(
    `import '${name}/register'; import { registry } from '@unnoise/core'; export const names = registry.names();`,
  );
  const { names } = await evaluate(code);
  return Array.isArray(names) && names.includes(className)
    ? []
    : [`${name}/register left the registry without ${className}`];
}

export const treeShaking: Check = {
  name: 'bundles',
  about: 'unused schedulers are dropped, registered ones are kept',
  run: async () => {
    build();
    const problems: string[] = [];
    for (const entry of schedulers()) {
      const className = (await schedulerClass(entry))?.className;
      if (className === undefined) problems.push(`${entry.manifest.name} exports no scheduler class`);
      else problems.push(...(await dropped(entry)), ...(await registered(entry, className)));
    }
    return problems;
  },
};
