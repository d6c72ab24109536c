import { expect, it } from 'vitest';
import { siteLink } from '../../docs/.vitepress/links.ts';

const HOST = 'https://github.com/unnoise/unnoise';

it.each([
  ['differences.md', '../packages/scheduler-ddim/README.md#use', '/packages/scheduler-ddim#use'],
  ['differences.md', '../conformance/README.md', '/packages/conformance'],
  ['differences.md', './tables.md', '/tables.md'],
  ['decisions/0001-default-backend.md', '../tables.md', '/tables.md'],
  ['packages/scheduler-ddim.md', '../scheduler-ddpm/README.md', '/packages/scheduler-ddpm'],
  ['packages/core.md', '../../docs/tables.md#ulp', '/tables.md#ulp'],
  ['packages/core.md', './src/tensor', `${HOST}/tree/main/packages/core/src/tensor`],
  ['packages/nx.md', '../../CONTRIBUTING.md', `${HOST}/tree/main/CONTRIBUTING.md`],
  ['packages/model-digits-8.md', './samples.png', `${HOST}/raw/main/packages/model-digits-8/samples.png`],
  ['packages/core.md', 'https://arxiv.org/abs/2010.02502', 'https://arxiv.org/abs/2010.02502'],
  ['packages/core.md', '#use', '#use'],
  ['api/core/index.md', 'classes/Run.md', 'classes/Run.md'],
])('on %s, %s leads to %s', (page, href, target) => {
  expect(siteLink(page, href)).toBe(target);
});
