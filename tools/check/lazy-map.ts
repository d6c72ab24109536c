// @unnoise/schedulers names every scheduler package of the repository: its map and its dependencies are written from the folders.
import { readFileSync, writeFileSync } from 'node:fs';
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

async function dependencies(): Promise<Readonly<Record<string, string>>> {
  const names = schedulers().map(({ manifest }) => manifest.name);
  return Object.fromEntries(names.sort().map((name) => [name, 'workspace:^']));
}

export const lazyMap: Check = {
  name: 'lazy-map',
  about: '@unnoise/schedulers has every scheduler of the repository',
  run: async (write) => {
    const [path, manifestPath] = [join(root, DIR, 'src/map.ts'), join(root, DIR, 'package.json')];
    const [wantMap, want] = [await map(), await dependencies()];
    const manifest = readJson<Manifest>(DIR, 'package.json');
    const stale = readFileSync(path, 'utf8') !== wantMap || !isDeepStrictEqual(manifest.dependencies, want);
    if (!stale) return [];
    if (!write) return [`${DIR} does not name every scheduler package; npm run fix mends it`];
    writeFileSync(path, wantMap);
    writeFileSync(manifestPath, `${JSON.stringify({ ...manifest, dependencies: want }, null, 2)}\n`);
    return [];
  },
};
