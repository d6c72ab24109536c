// @ts-check
// Gives every package its nx targets, so that no package carries a project.json. Only for this repository: not published.
import { dirname } from 'node:path';

export const name = '@unnoise/nx';

const run = 'node --conditions=@unnoise/source --import tsx';

/** @param {string} root folder of the package */
const targets = (root) => ({
  build: { command: `${run} tools/build.ts ${root}` },
  test: { command: `vitest run --passWithNoTests ${root}/` },
});

/** @type {[string, (files: readonly string[]) => unknown[]]} */
export const createNodes = [
  '{packages/*,conformance}/package.json',
  (files) =>
    files.map((file) => {
      const root = dirname(file);
      return [file, { projects: { [root]: { root, projectType: 'library', targets: targets(root) } } }];
    }),
];
