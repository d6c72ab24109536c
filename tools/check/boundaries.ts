// What core may not know: other packages, and the DOM. (What a scheduler may import is a rule of the linter.)
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, readJson, root } from '../workspace.ts';
import type { Check } from './index.ts';
import { build } from './packed.ts';
import { problemsOf } from './shell.ts';

/** The built types of core must compile where there is neither a DOM nor Node. */
function foreignTypes(manifest: Manifest): string[] {
  build();
  const entries = Object.values(manifest.exports ?? {}).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry['types']],
  );
  const project = {
    compilerOptions: {
      lib: ['es2023', 'esnext.disposable'],
      types: [],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    },
    files: entries.map((path) => join('../packages/core', path ?? '')),
  };
  writeFileSync(join(root, '.tsc/core-public.json'), JSON.stringify(project));
  return problemsOf('tsc -p .tsc/core-public.json --pretty false');
}

export const boundaries: Check = {
  name: 'boundaries',
  about: 'core has no dependency and no DOM or Node type in its API',
  run: () => {
    const manifest = readJson<Manifest>('packages/core/package.json');
    const needs = Object.keys(manifest.dependencies ?? {}).map(
      (name) => `core depends on ${name}; it may depend on nothing`,
    );
    return [...needs, ...foreignTypes(manifest)];
  },
};
