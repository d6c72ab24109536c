// Writes the matrix of the repository's own backends and schedulers as a page of the documentation: npm run conformance.

import { writeFileSync } from 'node:fs';
import { backendCases, casesOf, runCases, schedulerSubject, summary, toMarkdown } from '@unnoise/conformance';
import type { Report } from '@unnoise/conformance';
import { BACKENDS, GPU_BACKENDS, SCHEDULERS, SCHEDULER_BACKENDS } from './subjects.ts';

const HEADER = `# Conformance

Every backend and every scheduler of unnoise against the suite \`@unnoise/conformance\`, as \`npm run conformance\` found them.
Scheduler cases are runs recorded from the Python library diffusers, and laws that need no recording.

- *pass n*: n cases hold. *declined*: the backend does not declare what the case needs, and refuses it as it must.
- *(eager)*: the same cases one operation at a time. *(traced)*: the same with every handle watched.
`;

async function backendReports(): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { create } of [...BACKENDS, ...GPU_BACKENDS]) reports.push(told(await runCases(backendCases(), create())));
  return reports;
}

async function schedulerReports(): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { create } of [...SCHEDULER_BACKENDS, ...GPU_BACKENDS]) {
    for (const scheduler of SCHEDULERS) {
      const backend = create();
      const subject = schedulerSubject({ scheduler, backend: async () => backend });
      reports.push(told(await runCases(casesOf(subject), subject)));
    }
  }
  return reports;
}

function told(report: Report): Report {
  console.log(`${report.subject} on ${report.backend}: ${summary([report])}`);
  return report;
}

const [backends, schedulers] = [await backendReports(), await schedulerReports()];
const sections = [HEADER, `## Schedulers\n\n${toMarkdown(schedulers)}`, `## Backends\n\n${toMarkdown(backends)}`];
writeFileSync(new URL('../../docs/conformance.md', import.meta.url), sections.join('\n'));
const all = [...backends, ...schedulers];
console.log(summary(all));
if (all.some(({ results }) => results.some(({ outcome }) => outcome === 'fail'))) process.exitCode = 1;
