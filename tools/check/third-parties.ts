// What third parties do with the packages: the suite in the four test runners, and the examples' backend and scheduler by the command line.
// Everything happens in one folder outside the repository, installed from tarballs by npm.
import { exec } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../workspace.ts';
import type { Check } from './index.ts';
import { tarball, temporaryFolder } from './packed.ts';
import { must, type Outcome, run } from './shell.ts';

/** Where each project lies, and what it is called in the folder: an npm workspace there, so that one install is enough. */
const PROJECTS = {
  runners: 'tools/check/runners',
  backend: 'examples/third-party-backend',
  scheduler: 'examples/third-party-scheduler',
} as const;

type Dependencies = Record<string, string>;

let folder: string | undefined;

function projects(): string {
  if (folder) return folder;
  const made = temporaryFolder('third-parties');
  const workspaces = Object.keys(PROJECTS);
  writeFileSync(join(made, 'package.json'), JSON.stringify({ name: 'third-parties', private: true, workspaces }));
  for (const [name, dir] of Object.entries(PROJECTS)) {
    cpSync(join(root, dir), join(made, name), { recursive: true });
    const manifest = join(made, name, 'package.json');
    writeFileSync(manifest, packedInstead(readFileSync(manifest, 'utf8')));
  }
  must('npm install --no-audit --no-fund --prefer-offline --ignore-scripts', { cwd: made });
  return (folder = made);
}

/** The manifest with our packages from their tarballs, and nothing else changed. */
function packedInstead(text: string): string {
  return JSON.stringify(
    JSON.parse(text, (key, value: unknown) => {
      if (key !== 'dependencies' && key !== 'devDependencies') return value;
      const entries = Object.entries(value as Dependencies);
      return Object.fromEntries(
        entries.map(([name, range]) => [name, name.startsWith('@unnoise/') ? `file:${tarball(name)}` : range]),
      );
    }),
  );
}

// ---- runners

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface TestRunner {
  readonly command: string;
  /** Counts from the runner's own report: what it printed, and its file `report` if it writes one. */
  readonly read: (printed: string, report: string) => Counts;
  /** jest cannot skip a test that runs: there a declined case passes, and what it printed gives the reason. */
  readonly skips: boolean;
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const ofJest = (_: string, report: string): Counts => {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(report) as JestReport;
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
};

const ofMocha = (_: string, report: string): Counts => {
  const { stats } = JSON.parse(report) as { stats: { passes: number; failures: number; pending: number } };
  return { passed: stats.passes, failed: stats.failures, skipped: stats.pending };
};

const ofNode = (printed: string): Counts => {
  const count = (word: string): number =>
    Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(printed)?.[1] ?? Number.NaN);
  return { passed: count('pass'), failed: count('fail'), skipped: count('skipped') };
};

const RUNNERS: Readonly<Record<string, TestRunner>> = {
  vitest: {
    command: '../node_modules/.bin/vitest run vitest.test.mjs --reporter=json --outputFile=REPORT',
    read: ofJest,
    skips: true,
  },
  jest: {
    command: 'NODE_OPTIONS=--experimental-vm-modules ../node_modules/.bin/jest --json --outputFile=REPORT',
    read: ofJest,
    skips: false,
  },
  mocha: {
    command: '../node_modules/.bin/mocha globals.test.mjs --reporter json --reporter-option output=REPORT',
    read: ofMocha,
    skips: true,
  },
  'node:test': { command: 'node --test --test-reporter=tap node.test.mjs', read: ofNode, skips: true },
};

/** As `run`, without waiting: the four runners start together. */
async function started(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const options = { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env }, maxBuffer: 2 ** 28 };
  try {
    const { stdout, stderr } = await promisify(exec)(command, options);
    return { ok: true, output: stdout + stderr, printed: stdout };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr, printed: stdout };
  }
}

async function problemsIn(name: string, { command, read, skips }: TestRunner, expected: Counts): Promise<string[]> {
  const cwd = join(projects(), 'runners');
  const fault = expected.failed > 0;
  const report = join(cwd, `${name.replace(':', '-')}-${fault ? 'fault' : 'good'}.json`);
  const env = fault ? { FAULT: '1' } : {};
  const { ok, output, printed } = await started(command.replace('REPORT', `'${report}'`), cwd, env);
  const counts = read(printed, existsSync(report) ? readFileSync(report, 'utf8') : '{}');
  const { passed, failed, skipped } = expected;
  const wanted = skips ? expected : { passed: passed + skipped, failed, skipped: 0 };
  const told = skips || output.includes('skipped: DDPMScheduler is not registered');
  if (ok === !fault && told && JSON.stringify(counts) === JSON.stringify(wanted)) return [];
  const found = `${JSON.stringify(counts)} and ${ok ? 'success' : 'failure'}`;
  return [`${name} reports ${found}, not ${JSON.stringify(wanted)}:\n${output.split('\n').slice(-40).join('\n')}`];
}

/** What the suite counts without a runner; the two tests of expectations are added. */
async function counted(env: NodeJS.ProcessEnv): Promise<Counts> {
  const script = "import { outcomes } from './subjects.mjs'; console.log(JSON.stringify(await outcomes()))";
  const { printed, output } = await started(
    `node --input-type=module -e "${script}"`,
    join(projects(), 'runners'),
    env,
  );
  if (!printed.startsWith('[')) throw new Error(output);
  const outcomes = JSON.parse(printed) as readonly string[];
  const count = (outcome: string): number => outcomes.filter((other) => other === outcome).length;
  return { passed: count('pass') + 2, failed: count('fail'), skipped: count('declined') };
}

export const runners: Check = {
  name: 'runners',
  about: 'the suite in vitest, jest, mocha and node:test of a project of its own, with a fault and without',
  run: async () => {
    const [good, faulty] = await Promise.all([counted({}), counted({ FAULT: '1' })]);
    const sound = good.failed === 0 && good.passed > 60 && good.skipped > 10 && faulty.failed > 20;
    if (!sound) return [`without a runner: ${JSON.stringify(good)}, with a fault ${JSON.stringify(faulty)}`];
    const all = Object.entries(RUNNERS).flatMap(([name, runner]) =>
      [good, faulty].map((expected) => problemsIn(name, runner, expected)),
    );
    return (await Promise.all(all)).flat();
  },
};

// ---- the command line

interface Example {
  readonly project: 'backend' | 'scheduler';
  readonly file: string;
  readonly options: string;
  /** What to break, and a case that must find it. */
  readonly fault: readonly [from: string, to: string, id: string];
}

const EXAMPLES: readonly Example[] = [
  {
    project: 'backend',
    file: 'ndarray-backend.js',
    options: '',
    fault: [
      'ops.addeq(out, product)',
      'ops.subeq(out, product)',
      'backend/map/linear:dtype=float32;n=2;layout=contiguous',
    ],
  },
  {
    project: 'scheduler',
    file: 'gradient-estimation.js',
    options: '--golden ./golden',
    fault: ['mul(1 - gamma)', 'mul(gamma)', 'scheduler/GradientEstimationScheduler/teacher:case=default;step=1'],
  },
];

const SUMMARY = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function commandProblems(example: Example): string[] {
  const { project, file, options } = example;
  const cwd = join(projects(), project);
  const command = (module: string, more = ''): Outcome & { readonly status: string } => {
    const outcome = run(`npx --no @unnoise/conformance ${project} ${module} ${options} ${more}; echo "exit code $?"`, {
      cwd,
    });
    const [text, status = ''] = outcome.printed.split('exit code ');
    return { ...outcome, printed: text!.trim(), status };
  };
  const good = command(`./${file}`, '--junit out/junit.xml --md out/matrix.md --json out/report.json');
  const missing = command('./no-such-file.js');
  return [
    ...(good.status === '0' ? reportProblems(join(cwd, 'out'), lastLine(good.printed)) : [`${file}: ${good.output}`]),
    ...faultProblems(example, cwd, command),
    ...(missing.status === '2' && missing.printed.startsWith('unnoise-conformance: There is no file /')
      ? []
      : [`a file that is not there: exit code ${missing.status}\n${missing.output}`]),
    ...testProblems(cwd),
  ];
}

/** All three reports must count what was printed. */
function reportProblems(folder: string, printed: string): string[] {
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const [passed, failed, skipped] = (SUMMARY.exec(printed) ?? []).slice(1).map(Number);
  if (failed !== 0 || passed === undefined || passed < 150) return [`the command printed: ${printed}`];
  const { results } = JSON.parse(text('report.json')) as { results: readonly { outcome: string }[] };
  const total = passed + skipped!;
  const suite = `tests="${total}" failures="0" skipped="${skipped}"`;
  return [
    ...(results.length === total ? [] : [`report.json has ${results.length} results, not ${total}`]),
    ...(text('junit.xml').includes(suite) ? [] : [`junit.xml does not say ${suite}`]),
    ...(lastLine(text('matrix.md')) === printed ? [] : [`matrix.md does not end with: ${printed}`]),
  ];
}

/** Plants the fault in a copy beside the file. */
function faultProblems(
  { file, fault: [from, to, id] }: Example,
  cwd: string,
  command: (module: string) => Outcome & { readonly status: string },
): string[] {
  const text = readFileSync(join(cwd, file), 'utf8');
  if (text.split(from).length !== 2) return [`${file} has not one ${from}, so no fault was planted`];
  writeFileSync(join(cwd, 'faulty.js'), text.replace(from, to));
  const { status, output } = command('./faulty.js');
  return status === '1' && output.includes(`FAIL ${id}\n`)
    ? []
    : [`${file} with ${to}: exit code ${status}, no ${id}\n${output}`];
}

/** The recorded runs are those of the recipe beside them. */
function recipeProblems(): string[] {
  const text = (name: string): string => readFileSync(join(root, PROJECTS.scheduler, name), 'utf8');
  const { sha256 } = JSON.parse(text('golden/recipe.json')) as { sha256: string };
  const now = createHash('sha256').update(text('golden.py')).digest('hex');
  return now === sha256 ? [] : [`${PROJECTS.scheduler}/golden.py has changed since it recorded: run it again`];
}

function testProblems(cwd: string): string[] {
  const { ok, output } = run('npm test', { cwd });
  const count = Number(/^# pass (\d+)$/m.exec(output)?.[1]);
  return ok && count > 150 ? [] : [output];
}

export const thirdParties: Check = {
  name: 'third-parties',
  about: 'a backend and a scheduler of someone else, installed from tarballs, pass by the command line',
  run: () => [...recipeProblems(), ...EXAMPLES.flatMap(commandProblems)],
};
