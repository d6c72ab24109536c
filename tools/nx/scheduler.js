// @ts-check
// nx g @unnoise/nx:scheduler <name>: a new scheduler package in the unnoise repository, or with a scope one of your own.
import { standaloneScheduler, workspaceScheduler } from './scaffold.js';

/**
 * @param {{ exists(path: string): boolean, write(path: string, text: string): void }} tree
 * @param {{ name: string, className?: string, description?: string, scope?: string }} options
 */
export default function scheduler(tree, options) {
  const files = options.scope ? standaloneScheduler(options) : workspaceScheduler(options);
  for (const path of Object.keys(files))
    if (tree.exists(path)) throw new Error(`${path} is already there. Choose another name.`);
  for (const [path, text] of Object.entries(files)) tree.write(path, text);
  return () => console.log(next(options.scope));
}

/** @param {string | undefined} scope */
const next = (scope) =>
  scope
    ? 'Now: npm install, write src/index.ts, npm test.'
    : 'Now: npm run pnpm -- install; write src/index.ts and README.md; add its cases to tools/golden; npm test.';
