// What the site is made of beside its own pages: a page per package, which is its README, and an entry per package for typedoc.
// Everything written here is git-ignored.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = dirname(fileURLToPath(import.meta.url));
const root = dirname(docs);

/** A README as a page: without its comments. */
const page = (text) => text.replace(/<!--.*?-->\n*/g, '');

function fresh(name) {
  const folder = join(docs, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}

const dirs = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'conformance', 'tools/nx'];
const entries = fresh('entry');
const pages = fresh('packages');
for (const dir of dirs) {
  const source = `${dir}/src/index.ts`;
  if (existsSync(join(root, source)))
    writeFileSync(join(entries, `${basename(dir)}.ts`), `export * from '../../${source}';\n`);
  const readme = join(root, dir, 'README.md');
  if (existsSync(readme)) writeFileSync(join(pages, `${basename(dir)}.md`), page(readFileSync(readme, 'utf8')));
}
