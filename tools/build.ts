// Builds every package, or those named on the command line, with tsc -b over project files made on the fly in .tsc.
// What a package depends on is read from its manifest, so no package carries a tsconfig.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built, type Package, root } from './workspace.ts';

/** Packages with a command line; all others must run in a browser and see no Node type. */
const NODE = ['@unnoise/pipelines', '@unnoise/conformance'];

const file = (name: string): string => `${name.replace('@unnoise/', '')}.json`;

function project({ dir, manifest }: Package, known: ReadonlySet<string>): object {
  const needs = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) =>
    known.has(name),
  );
  return {
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      composite: true,
      declaration: true,
      declarationMap: true,
      sourceMap: true,
      isolatedDeclarations: true,
      allowJs: false,
      types: NODE.includes(manifest.name) ? ['node'] : [],
      rootDir: `../${dir}/src`,
      outDir: `../${dir}/dist`,
      tsBuildInfoFile: `../${dir}/dist/.tsbuildinfo`, // elsewhere, removing dist leaves it thinking that all is built
    },
    include: [`../${dir}/src`],
    references: needs.map((name) => ({ path: `./${file(name)}` })),
  };
}

/** Leaves a file that is already right alone: another build may be reading it. */
function write(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

const all = built();
const known = new Set(all.map(({ manifest }) => manifest.name));
const out = join(root, '.tsc');
mkdirSync(out, { recursive: true });
for (const entry of all) write(join(out, file(entry.manifest.name)), JSON.stringify(project(entry, known), null, 2));

const args = process.argv.slice(2);
const named = args.filter((arg) => arg !== '--clean');
const wanted = all.filter(({ dir }) => named.length === 0 || named.includes(dir));
if (args.includes('--clean'))
  for (const { dir } of wanted) rmSync(join(root, dir, 'dist'), { recursive: true, force: true });
const targets = wanted.map(({ manifest }) => join(out, file(manifest.name)));
const { status } = spawnSync('tsc', ['-b', ...targets], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exit(status ?? 1);
