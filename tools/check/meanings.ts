// What config keys mean: the comments at the members of a scheduler's config interface, read from the sources. They are where
// editors show them, and not in what users load.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Package, root } from '../workspace.ts';

interface Members {
  /** Names of the interfaces that it extends, the last of which wins where two have a key. */
  readonly parents: readonly string[];
  readonly comments: ReadonlyMap<string, string>;
}

const INTERFACE = /\binterface (\w+)(?:<[^{]*?>)?(?:\s+extends\s([^{]+?))?\s*\{(\}|[^]*?\n\})/g;
const MEMBER = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\??:/g;

const plain = (comment: string): string =>
  comment
    .replaceAll(/^\s*\*/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

function interfacesOf(source: string): [name: string, members: Members][] {
  return Array.from(source.matchAll(INTERFACE), ([, name = '', parents = '', body = '']) => {
    const comments = Array.from(body.matchAll(MEMBER), ([, text = '', key = '']) => [key, plain(text)] as const);
    return [name, { parents: parents.match(/\w+/g) ?? [], comments: new Map(comments) }];
  });
}

function interfacesIn(folder: string): [string, Members][] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts')).map((file) => join(root, folder, file));
  return sources.flatMap((file) => interfacesOf(readFileSync(file, 'utf8')));
}

/** The comments of an interface's members, those it inherits included; its own win. */
function commentsOf(name: string, known: ReadonlyMap<string, Members>): [string, string][] {
  const { parents, comments } = known.get(name) ?? { parents: [], comments: [] };
  return [...parents.flatMap((parent) => commentsOf(parent, known)), ...comments];
}

/** Key to meaning, for the config of the scheduler in a package. */
export function meaningsOf({ dir }: Package): ReadonlyMap<string, string> {
  const known = new Map([...interfacesIn('packages/core/src'), ...interfacesIn(join(dir, 'src'))]);
  const source = readFileSync(join(root, dir, 'src/index.ts'), 'utf8');
  const config = /extends \w+Mixin<(\w+)/.exec(source)?.[1];
  if (!config)
    throw new Error(`${dir}/src/index.ts has no class that extends SchedulerMixin<Config> or a mixin of core`);
  return new Map(commentsOf(config, known));
}
