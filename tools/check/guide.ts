// docs/samplers.md has the names that the code reads, and the figures of the last evaluation.
import type { Check } from './index.ts';

export const guide: Check = {
  name: 'guide',
  about: 'the tables of docs/samplers.md are those of the code and of the last evaluation',
  run: async () => {
    const { guide: page } = await import('../guide/page.ts'); // not above: a broken package must not stop the other checks
    const { file, have, want } = page();
    return have === want ? [] : [`docs/${file} is old; npm run guide writes it`];
  },
};
