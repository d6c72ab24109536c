// docs/conformance.md, from what the columns left. Runs nothing.

import type { Outcome } from '@unnoise/conformance';
import { PART_RUNS, RULE } from './part.ts';
import type { ColumnRecord, SuiteRecord, Tally } from './record.ts';

type Columns = readonly ColumnRecord[];

export function page(columns: Columns): string {
  const schedulers = columns.filter(({ suites, notRun, broke }) => suites.length > 1 || notRun || broke);
  const parts = [
    '# Conformance',
    `<!-- Written by \`npm run conformance\`. -->`,
    intro(columns),
    '## What ran',
    columnTable(columns),
    extents(columns),
    '## Declined',
    declined(columns),
    '## Schedulers',
    `A row has every case of a class: tables, steps, whole runs, noising, errors, laws, swaps. Recorded runs on float16 samples have a row of their own.`,
    matrix('scheduler', schedulers, ({ suite }) => suite !== 'backends'),
    '## Operations',
    'Every operation by the dtype of its tensors, with the rest of the contract that a backend fulfils.',
    matrix('case', columns, ({ suite }) => suite === 'backends'),
    ...failures(columns),
    summary(columns),
  ];
  return `${parts.join('\n\n')}\n`;
}

function intro(columns: Columns): string {
  const versions = columns.flatMap(({ suites }) => suites.map(({ golden }) => golden)).filter((one) => one !== 'none');
  return `Every backend and every scheduler of unnoise against the suite [\`@unnoise/conformance\`](../conformance/README.md), as \`npm run conformance\`
found them. Scheduler cases are runs recorded in Python from ${[...new Set(versions)].join(' and ')}, and laws that need no recording. All
bounds belong to the cases: none is wider for any backend.

- *pass n*: n cases hold.
- *declined n*: the backend does not declare what n cases need, and refuses it as it must.
- **FAIL n**: n cases do not hold; they are listed below.`;
}

// ---- what ran

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const plus = (a: Tally, b: Tally): Tally =>
  Object.fromEntries(OUTCOMES.map((outcome) => [outcome, (a[outcome] ?? 0) + (b[outcome] ?? 0)]));

const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'declined', 'xfail'];
const tallyOf = (suites: readonly SuiteRecord[]): Tally =>
  suites.flatMap(({ rows }) => Object.values(rows)).reduce(plus, {});

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function columnTable(columns: Columns): string {
  const head = ['column', 'on', 'computed by', 'cases run', 'result', 'when', 'took'];
  return table(
    head,
    columns.map((column) => {
      const { name, place, runtime, date, seconds } = column;
      const on = [place, runtime].filter(Boolean).join(', ');
      const when = date.slice(0, 16).replace('T', ' ') || '-';
      return [name, on || '-', deviceOf(column), ranOf(column), resultOf(column), when, duration(seconds)];
    }),
  );
}

const deviceOf = ({ device, notRun }: ColumnRecord): string => device || (notRun ? '-' : 'the processor');

function ranOf({ suites, extent }: ColumnRecord): string {
  const [ran, cases] = [sum(suites.map((one) => one.ran)), sum(suites.map((one) => one.cases))];
  if (ran === 0) return '0';
  return extent === 'all' ? `all ${ran}` : `part: ${ran} of ${cases}`;
}

function resultOf({ notRun, broke, suites }: ColumnRecord): string {
  if (notRun) return `**not run**: ${notRun}`;
  const text = cell(tallyOf(suites));
  return broke ? `**broke off** after ${suites.length} suites: ${broke.slice(0, 120)}, ${text}` : text;
}

const duration = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);

function extents(columns: Columns): string {
  const runs = Object.values(PART_RUNS).flat().length;
  const parts = columns.filter(({ extent, notRun }) => extent === 'part' && !notRun);
  const left = parts.map(({ name, suites }) => `${name} ${sum(suites.map(({ cases, ran }) => cases - ran))}`);
  return `*all* is every case. *part* is, ${RULE}. These are ${runs} recorded runs, listed in
\`conformance/test/matrix/part.json\`; \`npm test\` fails when the rule would choose others. Of the cases for backends the part is every one,
once: not again one operation at a time and with every handle watched. Cases not run: ${left.join(', ') || 'none'}.
Columns on software in place of a GPU run the part unless all cases are asked for; \`npm run conformance -- --whole\` does on every column, and \`--part\` runs
the part on every column.
Times are those of a machine that did other work as well.

\`npm test\` holds every column in Node to the cases for backends, cpu and the float64 reference to all cases of every scheduler, and
ort, onnx-graph, tfjs-cpu, tfjs-wasm and webgpu to the part's steps and whole runs. In Chromium it runs cases for backends, which the
tests of each package choose.`;
}

function declined(columns: Columns): string {
  const lines = columns.flatMap(({ name, suites }) => {
    const counts = new Map<string, number>();
    for (const [reason, n] of suites.flatMap((one) => Object.entries(one.declined)))
      counts.set(reason, (counts.get(reason) ?? 0) + n);
    const list = [...counts].map(([reason, n]) => `${n} × ${reason}`);
    return list.length > 0 ? [`- ${name}: ${list.join(', ')}.`] : [];
  });
  return lines.length > 0 ? lines.join('\n') : 'Nothing was declined.';
}

// ---- the matrix

function matrix(kind: string, columns: Columns, wanted: (suite: SuiteRecord) => boolean): string {
  const tallies = columns.map(
    ({ suites }) => new Map(suites.filter(wanted).flatMap(({ rows }) => Object.entries(rows))),
  );
  const names = [...new Set(tallies.flatMap((one) => [...one.keys()]))].sort(byPlace(tallies));
  const rows = names.map((name) => [name, ...tallies.map((tally, i) => textOf(tally.get(name), columns[i]!))]);
  return table([kind, ...columns.map(({ name }) => name)], rows);
}

/** As the column that has them all lists them. */
function byPlace(tallies: readonly ReadonlyMap<string, Tally>[]): (a: string, b: string) => number {
  const longest = [...tallies].sort((a, b) => b.size - a.size)[0]!;
  const order = [...longest.keys()];
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

function textOf(tally: Tally | undefined, { notRun }: ColumnRecord): string {
  return tally ? cell(tally) : notRun ? 'not run' : '**missing**';
}

function cell({ pass = 0, fail = 0, declined: refused = 0, xfail = 0 }: Tally): string {
  const texts = [fail && `**FAIL ${fail}**`, pass && `pass ${pass}`, refused && `declined ${refused}`];
  return [...texts, xfail && `fails as expected ${xfail}`].filter(Boolean).join(', ');
}

// ---- the end

function failures(columns: Columns): readonly string[] {
  const lines = columns.flatMap(({ name, suites }) =>
    suites.flatMap((one) =>
      one.failures.map(({ id, message = '' }) => `- \`${id}\` on ${name}: ${message.split('\n')[0]}`),
    ),
  );
  return lines.length > 0 ? ['## Failures', lines.join('\n')] : [];
}

function summary(columns: Columns): string {
  const {
    pass = 0,
    fail = 0,
    declined: refused = 0,
    xfail = 0,
  } = columns.map(({ suites }) => tallyOf(suites)).reduce(plus, {});
  return `${pass} passed, ${fail} failed, ${refused + xfail} skipped`;
}
