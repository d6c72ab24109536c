// The checks that are one command line of a tool.
import type { Check } from './index.ts';
import { buildProblems } from './packed.ts';
import { problemsOf } from './shell.ts';

export const commands: readonly Check[] = [
  {
    name: 'lint',
    about: 'oxlint, with types; imports and lengths too',
    run: (write) =>
      problemsOf(`oxlint --type-aware --deny-warnings --report-unused-disable-directives${write ? ' --fix' : ''}`),
  },
  {
    name: 'format',
    about: 'biome, as formatter only',
    run: (write) => problemsOf(`biome format --reporter=summary${write ? ' --write' : ''}`),
  },
  {
    name: 'types',
    about: 'sources, tests and tools under the root tsconfig',
    run: () => problemsOf('tsc -p . --pretty false'),
  },
  { name: 'build', about: 'tsc -b of every package, types of exports written out', run: buildProblems },
  { name: 'sherif', about: 'one version of each dependency, sorted', run: () => problemsOf('sherif') },
  {
    name: 'docs',
    about: 'the site builds, no link is dead',
    slow: true,
    run: () => problemsOf('node tools/run.mjs docs'),
  },
  { name: 'golden', about: 'recipes and golden files agree', run: () => problemsOf('node tools/golden/check.mjs') },
];
