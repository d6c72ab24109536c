// npm run eval [-- --count N]: draws, judges, and writes docs/evaluation.md with its curves and numbers. Stop it, run it again, and it
// goes on: cells that are done are kept in out/eval.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folder as emoji } from '@unnoise/model-emoji-ldm-64';
import { folder as student } from '@unnoise/model-emoji-ldm-64-lcm';
import { folder } from '@unnoise/model-fashion-28';
import type { Cell, Setting } from './cells.ts';
import { cell, kept, quality } from './cells.ts';
import type { Figure } from './claims.ts';
import { CLAIMS, judged } from './claims.ts';
import type { GuidanceRow } from './page.ts';
import { EVALUATIONS, page } from './page.ts';
import type { Point } from './plots.ts';
import { curves } from './plots.ts';
import { DPM_2M, SAMPLERS } from './samplers.ts';
import type { Trial, TrialResult } from './prompts.ts';
import { GUIDANCE_TRIALS, PromptYardstick, TRIALS } from './prompts.ts';
import { openYardstick, referenceOf } from './yardstick.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({ options: { count: { type: 'string', default: '512' } } });
const PAIRS = 96;
const GUIDANCES = [1, 1.5, 2, 3, 5];

async function settingOf(count: number): Promise<Setting> {
  const yardstick = await openYardstick(folder, 10);
  const version = readFileSync(new URL('sha256.json', folder), 'utf8');
  const reference = await referenceOf(folder);
  const kept = { version, folder: join(root, 'out/eval'), count, reference, yardstick };
  return { ...kept, fine: await yardstick.draw(DPM_2M, 200, Math.min(PAIRS, count)) };
}

async function cellsOf(setting: Setting): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const sampler of SAMPLERS) {
    for (const evaluations of [...EVALUATIONS, ...(sampler.also ?? [])]) {
      const done = await cell(setting, sampler, evaluations);
      if (!done) continue;
      cells.push(done);
      console.log(
        `${sampler.name}, ${evaluations} evaluations: ${done.frechet.value.toFixed(2)} ${done.paired?.value.toFixed(4) ?? ''}`,
      );
    }
  }
  return cells;
}

/** One number a figure, as people read them; the resamples stay in the cells. */
function numbers(cells: object): string {
  const plain = (_: string, value: unknown): unknown => (_ === 'resamples' ? undefined : value);
  return `${JSON.stringify(cells, plain, 1)}\n`;
}

async function guidanceOf(setting: Setting): Promise<GuidanceRow[]> {
  const { yardstick, count } = setting;
  const rows: GuidanceRow[] = [];
  for (const guidance of GUIDANCES) {
    const draw = async (): Promise<GuidanceRow> => {
      return { guidance, ...(await quality(setting, await yardstick.draw(DPM_2M, 20, count, guidance))) };
    };
    rows.push(await kept(setting, ['guidance', guidance], draw));
  }
  return rows;
}

/** Half as many pictures: a guided step of this model takes some ten times as long. */
async function trialsOf(trials: readonly Trial[], { count, folder: cells }: Setting): Promise<TrialResult[]> {
  const version = [emoji, student].map((each) => readFileSync(new URL('sha256.json', each), 'utf8')).join('');
  const key = { version, count: Math.ceil(count / 2), folder: cells };
  const yardstick = await PromptYardstick.open(key.count);
  const results: TrialResult[] = [];
  for (const trial of trials) {
    const done = await kept(key, ['prompts', trial], () => yardstick.run(trial));
    console.log(`${trial.name}, ${trial.steps} steps, guidance ${trial.guidance}: ${done.frechet.value.toFixed(2)}`);
    results.push(done);
  }
  return results;
}

const points = (cells: readonly Cell[], figure: Figure): Point[] =>
  cells.flatMap(({ sampler, calls, [figure]: estimate }) =>
    estimate ? [{ sampler, evaluations: calls, value: estimate.value }] : [],
  );

const count = Number(values.count);
const setting = await settingOf(count);
const cells = await cellsOf(setting);
const prompts = await trialsOf(TRIALS, setting);
const promptGuidance = await trialsOf(GUIDANCE_TRIALS, setting);
const machine = `${cpus()[0]?.model.trim()}, Node ${process.version}`;
const findings = {
  date: new Date().toISOString().slice(0, 10),
  machine,
  count,
  pairs: setting.fine.values.length,
  cells,
};
const docs = join(root, 'docs');
writeFileSync(
  join(docs, 'evaluation.md'),
  page({ ...findings, verdicts: judged(CLAIMS, cells), guidance: await guidanceOf(setting), prompts, promptGuidance }),
);
writeFileSync(join(docs, 'evaluation.json'), numbers({ cells, prompts, promptGuidance }));
writeFileSync(join(docs, 'evaluation-paired.svg'), await curves('Paired error', 'RMS', points(cells, 'paired')));
writeFileSync(
  join(docs, 'evaluation-frechet.svg'),
  await curves('Fréchet distance', 'distance', points(cells, 'frechet')),
);
console.log(`docs/evaluation.md: ${cells.length} cells of ${count} pictures`);
