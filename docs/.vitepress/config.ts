// The site: guide pages written here, a page per package, the API reference and the decision records. Its menus are the folders.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { repositoryLinks } from './links.ts';

const docs = dirname(dirname(fileURLToPath(import.meta.url)));

function title(path: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(docs, path), 'utf8'))?.[1]?.replaceAll('`', '') ?? path;
}

/** The pages of a folder, by file name; for the API, the index pages of its folders. */
function menu(folder: string): DefaultTheme.SidebarItem[] {
  if (!existsSync(join(docs, folder))) return [];
  const pages = readdirSync(join(docs, folder)).map((name) => (folder === 'api' ? `${name}/index.md` : name));
  return pages
    .filter((page) => page.endsWith('.md') && page !== 'index.md' && existsSync(join(docs, folder, page)))
    .sort()
    .map((page) => ({
      text: title(`${folder}/${page}`),
      link: posix.join('/', folder, page.replace(/(index)?\.md$/, '')),
    }));
}

const sections = { '.': 'Guide', packages: 'Packages', api: 'API', decisions: 'Decisions' };
const menus = Object.entries(sections)
  .map(([folder, text]) => ({ text, items: menu(folder) }))
  .filter(({ items }) => items.length > 0);

export default defineConfig({
  title: 'unnoise',
  description: 'Diffusion sampling for TypeScript, with the numbers of Hugging Face diffusers',
  cleanUrls: true,
  markdown: { math: true, html: false, config: repositoryLinks }, // a "<name>" in a comment of the code is text
  srcExclude: ['README.md'],
  themeConfig: {
    nav: menus.map(({ text, items }) => ({ text, link: items[0]?.link ?? '/' })),
    sidebar: menus.map(({ text, items }) => ({ text, items, collapsed: text !== 'Guide' })),
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/unnoise/unnoise' }],
  },
});
