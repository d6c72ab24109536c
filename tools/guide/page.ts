// docs/samplers.md as it should be: people's words, and between its comments what is generated.

import { existsSync, readFileSync } from 'node:fs';
import { marked } from './marked.ts';
import { samplerTable, scheduleTable } from './names.ts';
import { studentTable, teacherTable } from './pictures.ts';
import type { Evaluation } from './quality.ts';
import { promptTable, qualityTable } from './quality.ts';

export const docs: URL = new URL('../../docs/', import.meta.url);
const FILE = 'samplers.md';

const present = (name: string): boolean => existsSync(new URL(name, docs));

const INTRODUCTION = `The Fréchet distance of 512 pictures of clothes by [fashion-28](../packages/model-fashion-28/README.md) to 10,000 real ones (less is
better), where each sampler may call the model so many times. "Fresh noise": the sampler adds noise on the way. "Enough": the fewest
evaluations with a distance at most a tenth above the sampler's best. Sorted by the column of 10. Differences of a few hundredths are
chance.`;
const MORE = `[Evaluation](evaluation.md) has the spread of each figure, the distance to the exact solution, class accuracy, guidance and time.`;
const PROMPTS = `The text-to-image model and its student; "right" is how often a classifier sees both the kind of thing and the style that were asked for:`;
const CURVES = {
  'evaluation-frechet.svg': 'Fréchet distance over model evaluations',
  'evaluation-paired.svg': 'Distance to the solution of the ODE over model evaluations',
};

/** What the last evaluation found. */
function measured(): string {
  if (!present('evaluation.json')) return '`npm run eval` measures, and `npm run guide` writes the figures here.';
  const found = JSON.parse(readFileSync(new URL('evaluation.json', docs), 'utf8')) as Evaluation;
  const curves = Object.entries(CURVES).filter(([name]) => present(name));
  return [
    INTRODUCTION,
    ...(present('evaluation.md') ? [MORE] : []),
    qualityTable(found),
    ...curves.map(([name, title]) => `![${title}](${name})`),
    ...(found.prompts?.length ? [PROMPTS, promptTable(found)] : []),
  ].join('\n\n');
}

/** The page as it is and as the code and the last evaluation want it. */
export function guide(): { readonly file: string; readonly have: string; readonly want: string } {
  const have = readFileSync(new URL(FILE, docs), 'utf8');
  const parts = {
    measured: measured(),
    teacher: teacherTable(),
    student: studentTable(),
    samplers: samplerTable(),
    schedules: scheduleTable(),
  };
  const want = Object.entries(parts).reduce((text, [name, part]) => {
    const next = marked(text, name, part);
    if (next === undefined) throw new Error(`docs/${FILE} has no place for "${name}"`);
    return next;
  }, have);
  return { file: FILE, have, want };
}
