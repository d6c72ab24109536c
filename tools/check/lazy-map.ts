// @unnoise/schedulers names every scheduler package of the repository: its map, its papers and its dependencies are written from the
// folders and their READMEs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Manifest, readJson, root, schedulers } from '../workspace.ts';
import type { Check } from './index.ts';
import { schedulerClass } from './structure.ts';

const DIR = 'packages/schedulers';
const WIDTH = 120; // the formatter's

async function entries(): Promise<readonly (readonly [className: string, name: string])[]> {
  const found = schedulers().map(
    async (entry) => [(await schedulerClass(entry))?.className ?? '', entry.manifest.name] as const,
  );
  const all = await Promise.all(found);
  return all.filter(([className]) => className).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function map(): Promise<string> {
  const all = await entries();
  const names = all.map(([className]) => `  | '${className}'`).join('\n');
  const line = (className: string, name: string): string => {
    const [head, body] = [`  ${className}: async () =>`, `(await import('${name}')).${className},`];
    return head.length + body.length < WIDTH ? `${head} ${body}` : `${head}\n    ${body}`;
  };
  const lines = all.map(([className, name]) => line(className, name));
  return `// Written by \`npm run fix\` from the packages of the repository: every scheduler class, and how to load it.

import type { SchedulerClass } from '@unnoise/core';

export type SchedulerName =
${names};

/** By \`_class_name\`. A class is loaded when its function is called. */
export const schedulers: { readonly [Name in SchedulerName]: () => Promise<SchedulerClass> } = {
${lines.join('\n')}
};
`;
}

/** Of the first reference with a link. */
function paperOf(dir: string): string {
  const [, references = ''] = readFileSync(join(root, dir, 'README.md'), 'utf8').split('\n## References\n');
  const link = /\]\((https?:[^)]*)\)/.exec(references)?.[1];
  if (!link) throw new Error(`${dir}/README.md names no paper with a link under References`);
  return link.replace('https://arxiv.org/abs/', 'arXiv:');
}

async function papers(): Promise<string> {
  const lines = (await entries()).map(
    ([className, name]) => `  ${className}: '${paperOf(name.replace('@unnoise/', 'packages/'))}',`,
  );
  return `// Written by \`npm run fix\` from the READMEs of the packages: the paper of every scheduler, by the first of its references.

import type { SchedulerName } from './map.ts';

/** By \`_class_name\`: an arXiv id, or a link. */
export const papers: { readonly [Name in SchedulerName]: string } = {
${lines.join('\n')}
};
`;
}

async function dependencies(): Promise<Readonly<Record<string, string>>> {
  const names = schedulers().map(({ manifest }) => manifest.name);
  return Object.fromEntries(names.sort().map((name) => [name, 'workspace:^']));
}

const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

export const lazyMap: Check = {
  name: 'lazy-map',
  about: '@unnoise/schedulers has every scheduler of the repository, and its paper',
  run: async (write) => {
    const manifestPath = join(root, DIR, 'package.json');
    const sources = {
      [join(root, DIR, 'src/map.ts')]: await map(),
      [join(root, DIR, 'src/papers.ts')]: await papers(),
    };
    const [manifest, want] = [readJson<Manifest>(DIR, 'package.json'), await dependencies()];
    const old = Object.entries(sources).filter(([path, source]) => text(path) !== source);
    const stale = old.length > 0 || !isDeepStrictEqual(manifest.dependencies, want);
    if (!stale) return [];
    if (!write) return [`${DIR} does not name every scheduler package and its paper; npm run fix mends it`];
    for (const [path, source] of old) writeFileSync(path, source);
    writeFileSync(manifestPath, `${JSON.stringify({ ...manifest, dependencies: want }, null, 2)}\n`);
    return [];
  },
};
