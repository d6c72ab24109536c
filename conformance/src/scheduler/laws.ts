// Laws that need no recorded numbers: what every scheduler must do, whatever it computes.

import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import { configThroughJson, configThroughMemory, unknownKeys } from './config-laws.ts';
import type { Law } from './law.ts';
import { addNoise } from './noise-laws.ts';
import {
  compilesOnce,
  disposed,
  exhausted,
  finite,
  generatorRequired,
  inputsStay,
  interleaved,
  samePlan,
} from './run-laws.ts';
import type { Specimen } from './specimen.ts';
import { make } from './specimen.ts';
import type { SchedulerSubject } from './subject.ts';
import { backendOf } from './subject.ts';

const LAWS: readonly Law[] = [
  {
    name: 'same-plan',
    spec: 'the same request gives the same schedule, and asking for another in between changes nothing',
    check: samePlan,
  },
  {
    name: 'interleaved',
    spec: 'two runs that take turns give what they give one after the other, bit for bit',
    check: interleaved,
  },
  { name: 'finite', spec: 'finite samples and model outputs give finite samples', check: finite },
  { name: 'exhausted', spec: 'a step past the end is RUN_EXHAUSTED', check: exhausted },
  { name: 'disposed', spec: 'a step of a disposed run is DISPOSED', check: disposed },
  {
    name: 'inputs',
    spec: "a step neither changes nor disposes of what it is given, and what it returns is the caller's",
    check: inputsStay,
  },
  {
    name: 'generator-required',
    spec: 'noise without a source is GENERATOR_REQUIRED',
    applies: ({ draws }) => draws === true,
    check: generatorRequired,
  },
  { name: 'config-json', spec: 'a config survives its file', check: configThroughJson },
  {
    name: 'config-from',
    spec: 'a config survives fromConfig in memory, defaults included',
    check: configThroughMemory,
  },
  {
    name: 'unknown',
    spec: 'unknown config keys, request keys and step options are refused, not ignored',
    check: unknownKeys,
  },
  {
    name: 'add-noise',
    spec: 'noising is linear in the sample and in the noise, and at sigma 0 gives the sample back',
    check: addNoise,
  },
  { name: 'compiles', spec: 'a second run of the same request compiles nothing', check: compilesOnce },
];

/** Every law on every specimen. */
export function* lawCases(className: string, specimens: readonly Specimen[]): Iterable<Case<SchedulerSubject>> {
  for (const specimen of specimens) {
    for (const law of LAWS) {
      if (law.applies && !law.applies(specimen)) continue;
      yield {
        id: caseId(`scheduler/${className}/law/${law.name}`, specimen.parameter),
        needs: [],
        spec: law.spec,
        run: (subject, check) => runLaw(law, specimen, subject, check),
      };
    }
  }
}

async function runLaw(law: Law, specimen: Specimen, subject: SchedulerSubject, check: Check): Promise<void> {
  const backend = await backendOf(subject);
  const scheduler = make(subject, specimen, backend);
  try {
    await law.check({ subject, specimen, backend, scheduler }, check);
  } finally {
    scheduler.dispose();
  }
}
