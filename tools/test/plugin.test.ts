import { expect, it } from 'vitest';
import { createNodes } from '../nx/plugin.js';
import { files, readJson } from '../workspace.ts';

it('every package has its targets from its place alone, none carries a project.json', () => {
  const [, infer] = createNodes;
  const [node] = infer(['packages/core/package.json']);
  const targets = {
    build: { command: 'node --conditions=@unnoise/source --import tsx tools/build.ts packages/core' },
    test: { command: 'vitest run --passWithNoTests packages/core/' },
  };
  const project = { root: 'packages/core', projectType: 'library', targets };
  expect(node).toEqual(['packages/core/package.json', { projects: { 'packages/core': project } }]);
  expect([...files('packages'), ...files('conformance')].filter((path) => path.endsWith('project.json'))).toEqual([]);
});

it('the cache of nx stays inside the checkout, so that a fresh clone tests everything', () => {
  expect(readJson('nx.json')).toMatchObject({ cacheDirectory: '.nx/cache', neverConnectToCloud: true });
});
