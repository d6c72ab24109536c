// Chooses the part anew: runs every scheduler's recorded runs on the cpu backend and writes part.json. matrix.test.ts holds it up to date.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SchedulerClass } from '@unnoise/core';
import { createCpuBackend } from '@unnoise/backend-cpu';
import type { Result } from '@unnoise/conformance';
import { SCHEDULERS } from '../subjects.ts';
import { Chooser } from './part.ts';
import { schedulerSuite, type SuiteResult } from './suites.ts';

const PART = fileURLToPath(new URL('./part.json', import.meta.url));

export interface Choice {
  readonly chosen: readonly string[];
  readonly results: SuiteResult['report']['results'];
}

/** All cases of a scheduler on a cpu backend, and which recorded runs its part has. */
export async function chooseFor(scheduler: SchedulerClass): Promise<Choice> {
  const chooser = new Chooser();
  const made = { backend: chooser.watch(createCpuBackend()), device: '' };
  const onResult = ({ id }: Result): void => chooser.ran(id);
  const { report } = await schedulerSuite(scheduler, made, 'all', { onResult });
  return { chosen: chooser.chosen, results: report.results };
}

export async function choose(): Promise<void> {
  const part: Record<string, readonly string[]> = {};
  for (const scheduler of SCHEDULERS) part[scheduler.className] = (await chooseFor(scheduler)).chosen;
  const count = Object.values(part).flat().length;
  writeFileSync(PART, `${JSON.stringify(part)}\n`);
  spawnSync('biome', ['format', '--write', PART], { stdio: 'inherit' });
  console.log(`The part has ${count} recorded runs of ${SCHEDULERS.length} schedulers.`);
}
