// What reaches a browser: the size of the file that is loaded at once, as one file, without what is imported on demand; and whether an
// unused scheduler is dropped while a registered one is not.
import { gzipSync } from 'node:zlib';
import { type Plugin, build as esbuild } from 'esbuild';
import { type Package, root, schedulers } from '../workspace.ts';
import type { Check } from './index.ts';
import { build } from './packed.ts';
import { schedulerClass } from './structure.ts';

/** KiB, gzipped. */
const LIMIT = 15;

/** The limits of those that need more, close above what they have: docs/decisions/0006-size.md says what for. */
const LARGER: Readonly<Record<string, number>> = {
  // Six variances, learned ones among them; and the step for many samples at once.
  ddpm: 15.3,
  'ddpm-parallel': 15.8,
  // Training sigmas, three re-spacings of them, custom ones, and timesteps back from sigmas through numpy's float32 logarithm.
  'euler-ancestral-discrete': 15.6,
  'lms-discrete': 15.7,
  'k-dpm-2-discrete': 15.9,
  'heun-discrete': 15.9,
  'k-dpm-2-ancestral-discrete': 16.3,
  'euler-discrete': 16.3,
  // The same, and flow sigmas, thresholding, levels in lambda, algorithms and orders.
  'deis-multistep': 17.3,
  'dpmsolver-multistep-inverse': 17.4,
  'dpmsolver-singlestep': 18.1,
  'dpmsolver-multistep': 18.1,
  'unipc-multistep': 18.6,
  sasolver: 18.1,
  // k-diffusion's schedules and plans of model calls; DPM adaptive has its step-size control beside them, Restart its list of restarts.
  'dpm-fast': 15.5,
  'dpm-adaptive': 16.1,
  'dpmpp-2s-ancestral': 16.3,
  restart: 16.8,
  // The Brownian path: torch's generator, numpy's SeedSequence, and glibc's logarithm and cosine to the last bit.
  'cosine-dpmsolver-multistep': 21.9,
  'dpmsolver-sde': 23.7,
  'dpmpp-3m-sde': 23.9,
};

/** What a program imports on demand stays outside, as a bundler puts it into files of its own. */
const onDemand: Plugin = {
  name: 'on-demand',
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

/** A small program for browsers as a user's bundler makes it: from dist, in one file, and every warning an error. */
async function bundled(program: string, plugins: Plugin[] = [], shortNames = true): Promise<string> {
  const { outputFiles } = await esbuild({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: shortNames,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    absWorkingDir: root,
    logLevel: 'silent',
    logOverride: { 'ignored-bare-import': 'error' },
    plugins,
  });
  return outputFiles[0]?.text ?? '';
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(2).padStart(7)} KiB`;

/** Bytes of the one file that is loaded before the program can start. */
async function sizeOf(name: string, program: string): Promise<number> {
  const code = await bundled(program, [onDemand]);
  const zipped = gzipSync(code, { level: 9 }).length;
  console.log(`${name.padEnd(48)} ${kib(code.length)} minified ${kib(zipped)} gzipped`);
  return zipped;
}

async function tooLarge({ manifest: { name } }: Package): Promise<string[]> {
  const limit = LARGER[name.replace('@unnoise/scheduler-', '')] ?? LIMIT;
  const size = await sizeOf(name, `export * from '${name}';`);
  return size <= limit * 1024 ? [] : [`${name} with core is ${kib(size)} gzipped; the limit is ${limit} KiB`];
}

export const size: Check = {
  name: 'size',
  about:
    'a scheduler and all that it needs of core before the first step: at most 15 KiB gzipped, for some a little more',
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

/** Importing a package without using it must change nothing at all. (Short names are dealt out by counting, dropped code included.) */
async function dropped({ manifest: { name } }: Package): Promise<string[]> {
  const program = `export { registry } from '@unnoise/core';`;
  const alone = await bundled(program, [onDemand], false);
  const same = (await bundled(`import * as unused from '${name}'; ${program}`, [onDemand], false)) === alone;
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
