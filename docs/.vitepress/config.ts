// The site: guide pages written here, a page per package, the API reference and the decision records. Its menus are the folders.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';

const docs = dirname(dirname(fileURLToPath(import.meta.url)));

function title(path: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(docs, path), 'utf8'))?.[1]?.replaceAll('`', '') ?? path;
}

/** The pages of a folder, or of its folders' index pages, by file name. */
function menu(folder: string): DefaultTheme.SidebarItem[] {
  if (!existsSync(join(docs, folder))) return [];
  const pages = readdirSync(join(docs, folder)).map((name) => (name.endsWith('.md') ? name : `${name}/index.md`));
  return pages
    .filter((page) => page !== 'index.md' && existsSync(join(docs, folder, page)))
    .sort()
    .map((page) => ({ text: title(`${folder}/${page}`), link: `/${folder}/${page.replace(/(index)?\.md$/, '')}` }));
}

const sections = { guide: 'Guide', packages: 'Packages', api: 'API', decisions: 'Decisions' };
const menus = Object.entries(sections)
  .map(([folder, text]) => ({ folder, text, items: menu(folder) }))
  .filter(({ items }) => items.length > 0);

export default defineConfig({
  title: 'unnoise',
  description: 'Diffusion sampling for TypeScript, with the numbers of Hugging Face diffusers',
  cleanUrls: true,
  markdown: { math: true },
  srcExclude: ['README.md'],
  themeConfig: {
    nav: menus.map(({ text, items }) => ({ text, link: items[0]?.link ?? '/' })),
    sidebar: menus.map(({ text, items }) => ({ text, items, collapsed: text !== 'Guide' })),
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/unnoise/unnoise' }],
  },
});
