// docs/evaluation.md from the cells. The words around the tables are here; the numbers are never.

import type { Estimate } from './bootstrap.ts';
import type { Cell, Quality } from './cells.ts';
import type { Verdict } from './claims.ts';
import type { TrialResult } from './prompts.ts';
import { difference } from './bootstrap.ts';

export const EVALUATIONS = [5, 8, 10, 20, 50] as const;

export interface Findings {
  readonly date: string;
  readonly machine: string;
  readonly count: number;
  readonly pairs: number;
  readonly cells: readonly Cell[];
  readonly verdicts: readonly Verdict[];
  readonly guidance: readonly GuidanceRow[];
  readonly prompts: readonly TrialResult[];
  readonly promptGuidance: readonly TrialResult[];
}

export interface GuidanceRow extends Quality {
  readonly guidance: number;
}

const short = ({ value, deviation }: Estimate, digits: number): string =>
  `${value.toFixed(digits)} ± ${deviation.toFixed(digits)}`;

/** Samplers down, evaluations across. */
export function matrix(cells: readonly Cell[], show: (cell: Cell) => string | undefined): string {
  const counts = [...new Set(cells.map(({ evaluations }) => evaluations))].sort((a, b) => a - b);
  const samplers = [...new Set(cells.map(({ sampler }) => sampler))];
  const rows = samplers.map((name) => {
    const own = counts.map((n) => cells.find((each) => each.sampler === name && each.evaluations === n));
    return [name, ...own.map((each) => (each && show(each)) ?? '')];
  });
  return table([['', ...counts.map(String)], ...rows.filter((row) => row.slice(1).some(Boolean))]);
}

export function table([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)].join('\n');
}

function claims(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ better, worse, figure, difference, deviation, verdict }) => [
    `${better.join(' at ')} below ${worse.join(' at ')}`,
    figure === 'paired' ? 'paired error' : 'Fréchet distance',
    `${difference.toFixed(4)} ± ${deviation.toFixed(4)}`,
    verdict,
  ]);
  return table([['claim', 'figure', 'difference', ''], ...rows]);
}

function trials(results: readonly TrialResult[]): string {
  const rows = results.map((each) => [
    each.name,
    String(each.steps),
    String(callsOf(each)),
    String(each.guidance),
    String(each.guidanceRescale ?? 0),
    short(each.frechet, 2),
    `${(100 * each.accuracy.value).toFixed(1)} %`,
    each.millisecondsPerPicture.toFixed(0),
  ]);
  return table([['', 'steps', 'calls', 'guidance', 'rescale', 'Fréchet distance', 'right', 'ms a picture'], ...rows]);
}

/** Of the model: guidance asks it twice a step. */
const callsOf = ({ steps, guidance }: TrialResult): number => (guidance === 1 ? steps : 2 * steps);

/** The student in 4 steps beside the teacher in as many calls, and in as many steps and one more. */
function studentClaims(results: readonly TrialResult[]): string {
  const find = (name: string, steps: number): TrialResult =>
    results.find((each) => each.name === name && each.steps === steps)!;
  const student = find('LCM student', 4);
  const right = ({ accuracy }: TrialResult): string => `${(100 * accuracy.value).toFixed(1)} %`;
  const rows = [find('DDIM', 2), find('DDIM', 5)].map((teacher) => {
    const [distance, share] = [
      difference(student.frechet, teacher.frechet),
      difference(teacher.accuracy, student.accuracy),
    ];
    const name = `DDIM in ${teacher.steps} steps (${callsOf(teacher)} calls)`;
    return [name, short(distance, 2), verdictOf(distance), `${right(student)}, ${right(teacher)}`, verdictOf(share)];
  });
  const head = ['the student in 4 steps (4 calls) and', 'its distance less', 'nearer', 'right', 'more often right'];
  return table([head, ...rows]);
}

const verdictOf = ({ value, deviation }: Estimate): string =>
  value < -2 * deviation ? 'holds' : value > 2 * deviation ? 'does not hold' : 'cannot be told';

const extra = ({ calls, evaluations }: Cell): string => (calls === evaluations ? '' : ` (${calls})`);

function figures({ date, machine, count, pairs, cells }: Findings): string {
  return `# Evaluation

Written by \`npm run eval\` on ${date}: ${machine}. All pictures were drawn by the schedulers of this repository with
[fashion-28](../packages/model-fashion-28/README.md) on ONNX Runtime, one thread. Nothing here comes from Python.

Every sampler gets the same ${count} seeds and classes, no guidance, and at most so many **model evaluations** (the column heads):
a scheduler that calls the model twice a step takes half the steps. A number in brackets is what it used, where that is less.
± is one standard deviation over 100 bootstrap resamples of the pictures.

Schedulers for networks of another form (EDM, Cosine, flow matching, iPNDM) draw with the same network: what they ask for is
computed from its prediction at the same noise level. DDIMParallel and DDPMParallel (the updates of DDIM and DDPM), DDIMInverse and
DPMSolverMultistepInverse (they go the other way), CM, LCM, TCD, SCM, FlowMatchLCM and ConsistencyDecoder (for distilled
networks; LCM's is below), DPM adaptive (it chooses its number of evaluations), CogVideoXDDIM, CogVideoXDPM, UnCLIP and
DDPMWuerstchen (for one network each), RePaint, KarrasVe, ScoreSdeVe and ScoreSdeVp (loops of their own, see [examples](../examples/README.md)),
VQDiffusion and Amused (tokens) have no rows.

## Paired error

How far a picture is from the solution of the probability flow ODE that begins at the same noise: the root mean square over
the pixels of ${pairs} pictures in -1 to 1; the solution is DPM++ 2M at 200 evaluations. Only for samplers that solve that equation.

![paired error](evaluation-paired.svg)

${matrix(cells, (cell) => cell.paired && short(cell.paired, 4) + extra(cell))}

## Fréchet distance

Between the features of ${count} pictures and those of the 10,000 real test pictures, in the last layer of the classifier that
ships with the model. Its card says what as many real pictures have; nothing can be expected below.

![Fréchet distance](evaluation-frechet.svg)

${matrix(cells, (cell) => short(cell.frechet, 2) + extra(cell))}

## Class accuracy

The share of pictures in which the classifier sees the class asked for (of real pictures it gets 89.7 % right).

${matrix(cells, (cell) => `${(100 * cell.accuracy.value).toFixed(1)} %`)}
`;
}

function findingsOf({ count, cells, verdicts, guidance, prompts, promptGuidance }: Findings): string {
  return `## What the papers say

A difference of two figures is of the same seeds, so what the pictures have in common cancels. "holds" and "does not hold" mean by at
least two standard deviations.

${claims(verdicts)}

## Guidance

DPM++ 2M at 20 steps. More guidance makes the class clearer and the pictures more alike, so the distance grows again.

${table([
  ['guidance', 'Fréchet distance', 'class accuracy'],
  ...guidance.map((row) => [String(row.guidance), short(row.frechet, 2), `${(100 * row.accuracy.value).toFixed(1)} %`]),
])}

## Text to image, and few steps

[emoji-ldm-64](../packages/model-emoji-ldm-64/README.md) and its [student](../packages/model-emoji-ldm-64-lcm/README.md): ${Math.ceil(count / 2)}
prompts, one seed each. The judge is a small network that tells the kind of thing and the style; "right" is both. It gets neither
always right with real pictures either (the model's files say how often).

${trials(prompts)}

Calls are those of the model: guidance asks it twice a step. The student needs no guidance, so the fair neighbour of its 4 steps is the
teacher in 4 calls; in 5 steps the teacher has made 10.

${studentClaims(prompts)}

The distance hardly tells apart how many steps are taken from 5 on: guidance takes more from the variety of the pictures than steps add to
their likeness (see it without guidance below). What the judge sees right tells more.

With \`guidanceRescale\`, the guided prediction is brought back towards the spread of the conditional one; it matters where guidance is
large.

${trials(promptGuidance)}

## Time

In milliseconds a picture, in batches of 32, model included; on a machine that had other work. [Performance](performance.md) has times on a
quiet one.

${matrix(cells, (cell) => cell.millisecondsPerPicture.toFixed(0))}
`;
}

export const page = (findings: Findings): string => `${figures(findings)}\n${findingsOf(findings)}`;
