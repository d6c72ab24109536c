// The packages where they are used: installed from tarballs by npm, on newer Nodes, on Deno and on Bun.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.ts';
import type { Check } from './index.ts';
import { tarball, temporaryFolder } from './packed.ts';
import { must, problemsOf, run } from './shell.ts';

/** The newest of each line that the npm registry has. */
const NODES = ['22.23.3', '24.21.0'];
const DENO = '2.9.6';
const BUN = '1.4.5';

const INSTALLED = ['@unnoise/core', '@unnoise/backend-cpu', '@unnoise/scheduler-euler-discrete'];

let folder: string | undefined;

/** An empty folder outside the repository, with three tarballs installed by npm and nothing else. */
function consumer(): string {
  if (folder) return folder;
  const made = temporaryFolder('consumer');
  writeFileSync(join(made, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  must(`npm install --no-audit --no-fund ${INSTALLED.map((name) => `'${tarball(name)}'`).join(' ')}`, { cwd: made });
  copyFileSync(join(root, 'tools/check/consumer/program.mjs'), join(made, 'program.mjs'));
  folder = made;
  return made;
}

/** Both ways in which a user's TypeScript may look for types, and without skipping those of libraries. */
function typeProblems(cwd: string): string[] {
  const resolutions = { nodenext: 'nodenext', bundler: 'preserve' };
  return Object.entries(resolutions).flatMap(([moduleResolution, module]) => {
    const file = `tsconfig.${moduleResolution}.json`;
    const strict = {
      strict: true,
      checkJs: true,
      noEmit: true,
      skipLibCheck: false,
      lib: ['es2023', 'esnext.disposable', 'dom'],
      types: [],
    };
    writeFileSync(
      join(cwd, file),
      JSON.stringify({ compilerOptions: { ...strict, module, moduleResolution }, files: ['program.mjs'] }),
    );
    return problemsOf(`'${join(root, 'node_modules/.bin/tsc')}' -p ${file} --pretty false`, { cwd });
  });
}

/** The one line that the program prints, which must be the same wherever it runs. */
const expected = (): string => must('node program.mjs', { cwd: consumer() });

const consumed: Check = {
  name: 'consumer',
  about: 'tarballs installed by npm: a program runs, its types resolve',
  slow: true,
  run: () => {
    const line = expected();
    const right = /^EulerDiscreteScheduler true [0-9a-f]{64}$/.test(line);
    return [...(right ? [] : [`the consumer's program printed: ${line}`]), ...typeProblems(consumer())];
  },
};

/** A scheduler package of one's own: made by the packed generator in an empty folder, type-checked and tested on packed packages. */
function outsider(): string[] {
  const cwd = temporaryFolder('outsider');
  must(`npx --yes --package '${tarball('@unnoise/nx')}' -- unnoise-nx scheduler my-scheduler --scope @me`, { cwd });
  const made = join(cwd, 'my-scheduler');
  const local = ['@unnoise/core', '@unnoise/conformance'].map((name) => `'${tarball(name)}'`).join(' ');
  must(`npm install --no-audit --no-fund --save-dev ${local}`, { cwd: made });
  const built = problemsOf('npm run build', { cwd: made });
  const { ok, output } = run('npm test', { cwd: made });
  const clear = !ok && output.includes('MyScheduler: the rule is not written. Write it in src/index.ts.');
  return [
    ...built,
    ...(clear ? [] : [`the first test of a new package should fail and say that the rule is not written:\n${output}`]),
  ];
}

/** Runs the consumer's program on another runtime from npm. One that cannot be had is a failure: it must not pass for tested. */
function elsewhere(name: string, tool: string, args: string): Check {
  return {
    name,
    about: `the consumer's program on ${tool} gives the same bits`,
    slow: true,
    run: () => {
      if (!run(`npx --yes ${tool} --version`).ok)
        return [`NOT AVAILABLE: npx could not get ${tool}, so nothing ran on it`];
      const { printed, output } = run(`npx --yes ${tool} ${args} program.mjs`, { cwd: consumer() });
      return printed === expected() ? [] : [`Node printed ${expected()}\n${tool} gave ${output}`];
    },
  };
}

function onNode(version: string): Check {
  const suite =
    'node -p process.version && node node_modules/vitest/vitest.mjs run --reporter=dot packages conformance';
  return {
    name: `node${version.split('.')[0]}`,
    about: `the unit suite on Node ${version}`,
    slow: true,
    run: () => {
      const { ok, output } = run(`npx --yes -p node@${version} -c '${suite}'`);
      return ok && output.includes(`v${version}`) ? [] : [output.split('\n').slice(-60).join('\n')];
    },
  };
}

export const runtimes: readonly Check[] = [
  consumed,
  { name: 'outsider', about: 'a package by the packed generator, outside the repository', slow: true, run: outsider },
  ...NODES.map(onNode),
  elsewhere('deno', `deno@${DENO}`, 'run --allow-env --allow-read'),
  elsewhere('bun', `bun@${BUN}`, 'run'),
];
