// Manifests: what all packages say alike, and the whole manifest of a scheduler, come from tools/nx/manifest.js.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { commonManifest, schedulerManifest } from '../nx/manifest.js';
import { type Package, packages, readJson, root } from '../workspace.ts';
import type { Check } from './index.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The manifest as it should be. A scheduler's own are description, version and what else its tests need. */
function wanted({ dir, manifest }: Package): Fields {
  if (!dir.startsWith('packages/scheduler-')) return { ...manifest, ...commonManifest(dir) };
  const { version, description = '' } = manifest;
  const generated = schedulerManifest({ name: dir.replace('packages/', ''), version, description });
  const { devDependencies } = readJson<{ devDependencies?: Fields }>(dir, 'package.json');
  return { ...generated, devDependencies: { ...devDependencies, ...generated.devDependencies } };
}

/** What npm shows of a package and what no generator can know. */
function missing({ dir, manifest }: Package): string[] {
  const needed = ['description', 'keywords', 'version', 'files'] as const;
  return needed.filter((key) => !manifest[key]?.length).map((key) => `${dir}/package.json: no ${key}`);
}

function drift(entry: Package, write: boolean): string[] {
  const want = wanted(entry);
  const have: Fields = { ...entry.manifest };
  const keys = [...new Set([...Object.keys(want), ...Object.keys(have)])];
  const wrong = keys.filter((key) => !isDeepStrictEqual(want[key], have[key]));
  if (write && wrong.length > 0)
    writeFileSync(join(root, entry.dir, 'package.json'), `${JSON.stringify(want, null, 2)}\n`);
  if (write || wrong.length === 0) return [];
  return [`${entry.dir}/package.json: ${wrong.join(', ')} differ from the generated manifest; npm run fix mends it`];
}

/** Everything that stands on core must be happy with the core of this repository. */
function peers({ dir, manifest }: Package): string[] {
  const range = manifest.peerDependencies?.['@unnoise/core'];
  return range === undefined || range === 'workspace:^'
    ? []
    : [`${dir}/package.json: peer @unnoise/core is ${range}, not workspace:^`];
}

export const manifests: Check = {
  name: 'manifests',
  about: 'generated fields, what npm shows, peers',
  run: (write) => packages().flatMap((entry) => [...drift(entry, write), ...missing(entry), ...peers(entry)]),
};
