// What the site is made of beside its own pages: a page per package, which is its README, and an entry per package for typedoc.
// Everything written here is git-ignored.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = dirname(fileURLToPath(import.meta.url));
const root = dirname(docs);
const HOST = 'https://github.com/unnoise/unnoise';

/** Links of a README that lead to other files of the repository lead to its host, pictures to their bytes. */
function absolute(text, dir) {
  return text.replace(/\]\((\.{1,2}\/[^)\s]+)\)/g, (_, path) => {
    const kind = /\.(png|svg|gif|webp)$/.test(path) ? 'raw' : 'blob';
    return `](${HOST}/${kind}/main/${posix.normalize(posix.join(dir, path))})`;
  });
}

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
  if (existsSync(readme))
    writeFileSync(join(pages, `${basename(dir)}.md`), absolute(readFileSync(readme, 'utf8'), dir));
}
