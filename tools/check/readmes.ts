// READMEs that cannot lie: the config table and the list of compatible classes are generated from the class, the example is run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySchema } from '@unnoise/core';
import { type Package, packages, root, schedulers } from '../workspace.ts';
import type { Check } from './index.ts';
import { meaningsOf } from './meanings.ts';
import { problemsOf } from './shell.ts';
import { schedulerClass } from './structure.ts';

const plain = (value: unknown): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));

function configTable(schema: AnySchema, meanings: ReadonlyMap<string, string>): string {
  const rows = Object.entries(schema).map(([key, { default: value, required, choices }]) => {
    const about = meanings.get(key);
    if (!about) throw new Error(`${key} has no comment at its member of the config interface`);
    const names = choices ? ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.` : '';
    return `| \`${key}\` | ${required ? 'required' : `\`${plain(value)}\``} | ${about}${names} |`;
  });
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Those of the list that have a package here are links. */
async function compatibleList(names: readonly string[], present: ReadonlySet<string>): Promise<string> {
  const { packageOf } = await import('@unnoise/core');
  const entries = names.map((name) => {
    const home = packageOf(name)?.replace('@unnoise/', '');
    return home && present.has(home) ? `- [\`${name}\`](../${home}/README.md)` : `- \`${name}\``;
  });
  return entries.length > 0 ? entries.join('\n') : 'Nothing else: no other class shares its config.';
}

interface Section {
  readonly name: string;
  readonly heading: string;
  readonly part: string;
}

/** The README with its generated parts as they should be, or a problem. */
async function generated(entry: Package): Promise<{ path: string; have: string; want: string }> {
  const path = join(root, entry.dir, 'README.md');
  const have = readFileSync(path, 'utf8');
  const scheduler = await schedulerClass(entry);
  if (!scheduler) throw new Error(`${entry.dir} exports no scheduler class`);
  const present = new Set(schedulers().map(({ dir }) => dir.replace('packages/', '')));
  const others = scheduler.compatibles.filter((name) => name !== scheduler.className);
  const sections: Section[] = [
    { name: 'config', heading: 'Config', part: configTable(scheduler.schema, meaningsOf(entry)) },
    { name: 'compatibles', heading: 'Compatible with', part: await compatibleList(others, present) },
  ];
  const want = sections.reduce((text, section) => between(path, text, section), have);
  return { path, have, want };
}

/** Puts `part` between the comments of its section; where there are none yet, in comments below the heading. */
function between(path: string, text: string, { name, heading, part }: Section): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const body = `${open}\n\n${part}\n\n${close}`;
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start >= 0 && end > start) return text.slice(0, start) + body + text.slice(end + close.length);
  const title = `\n## ${heading}\n`;
  if (!text.includes(title)) throw new Error(`${path} has no heading "${heading}" for its generated part`);
  return text.replace(title, () => `${title}\n${body}\n`);
}

async function tableProblems(entry: Package, write: boolean): Promise<string[]> {
  if (!existsSync(join(root, entry.dir, 'README.md'))) return []; // the structure check says so
  const { path, have, want } = await generated(entry);
  if (write && have !== want) writeFileSync(path, want);
  return write || have === want ? [] : [`${path}: the generated parts are old; npm run build:readme writes them`];
}

export const readme: Check = {
  name: 'readme',
  about: 'config tables and compatible classes are those of the code',
  run: async (write) => (await Promise.all(schedulers().map((entry) => tableProblems(entry, write)))).flat(),
};

/** The first program under "## Use", written where its imports resolve as inside its package. */
function example({ dir }: Package): string[] {
  const path = join(root, dir, 'README.md');
  const code = existsSync(path) && /^## Use\n[^]*?```(?:ts|js)\n([^]*?)```/m.exec(readFileSync(path, 'utf8'))?.[1];
  if (!code) return [];
  const folder = join(root, dir, 'node_modules');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, '.readme-example.mts');
  writeFileSync(file, code);
  return [file];
}

export const examples: Check = {
  name: 'examples',
  about: 'the program under "Use" of every README type-checks and runs',
  run: () => {
    const files = packages().flatMap(example);
    mkdirSync(join(root, '.tsc'), { recursive: true });
    writeFileSync(
      join(root, '.tsc/examples.json'),
      JSON.stringify({ extends: '../tsconfig.json', include: [], files }),
    );
    const types = problemsOf('tsc -p .tsc/examples.json --pretty false');
    return [
      ...types,
      ...files.flatMap((file) => problemsOf(`node --conditions=@unnoise/source --import tsx '${file}'`)),
    ];
  },
};
