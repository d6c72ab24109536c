// Links in pages and READMEs are written for the repository: relative, to files. Here they become links of the site, or of its host.
import { posix } from 'node:path';

const HOST = 'https://github.com/unnoise/unnoise';
const README = /^(?:packages\/([^/]+)|(conformance)|tools\/(nx))\/README\.md$/;

/** The folder in the repository that a page of the site comes from. */
function home(page: string): string {
  const name = /^packages\/(.*)\.md$/.exec(page)?.[1];
  if (name === undefined) return posix.join('docs', posix.dirname(page));
  if (name === 'conformance') return name;
  return name === 'nx' ? 'tools/nx' : `packages/${name}`;
}

/** Where a link on a page leads; one that is not relative stays as it is. */
export function siteLink(page: string, href: string): string {
  if (/^([a-z]+:|\/|#)/.test(href) || page.startsWith('api/')) return href;
  const [path = '', hash] = href.split('#');
  const target = posix.join(home(page), path);
  const anchor = hash === undefined ? '' : `#${hash}`;
  const readme = README.exec(target);
  if (readme) return `/packages/${readme.slice(1).find(Boolean)}${anchor}`;
  if (target.startsWith('docs/')) return `/${target.slice(5)}${anchor}`;
  return `${HOST}/${/\.(png|svg|gif|webp)$/.test(target) ? 'raw' : 'tree'}/main/${target}${anchor}`;
}

interface Token {
  readonly type: string;
  readonly children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

interface Markdown {
  readonly core: { readonly ruler: { push(name: string, rule: (state: State) => void): void } };
}

interface State {
  readonly tokens: Token[];
  readonly env: { readonly relativePath?: string };
}

const ATTRIBUTES: Readonly<Record<string, string>> = { link_open: 'href', image: 'src' };

/** Applies siteLink to every link and picture of a page. */
export function repositoryLinks(md: Markdown): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const attribute = ATTRIBUTES[token.type];
      const href = attribute && token.attrGet(attribute);
      if (attribute && href) token.attrSet(attribute, siteLink(env.relativePath ?? '', href));
    }
  });
}
