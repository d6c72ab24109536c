// A report as JUnit XML, for CI systems.

import type { Result } from '../case.ts';
import type { Report } from './report.ts';
import { count } from './report.ts';

/** One suite for each report; classname is the room of the case, name its id. */
export function toJUnit(report: Report): string {
  const { subject, results } = report;
  const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  const attributes = `name="${escape(subject)}" tests="${results.length}" failures="${count(results, 'fail')}" skipped="${count(results, 'declined', 'xfail')}"`;
  const cases = results.map(testCase).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite ${attributes} time="${seconds.toFixed(3)}">\n${cases}\n</testsuite>\n`;
}

function testCase({ id, outcome, message = '', milliseconds }: Result): string {
  const room = id.slice(0, id.search(/[^/]*$/)).replace(/\/$/, '');
  const head = `  <testcase classname="${escape(room)}" name="${escape(id)}" time="${(milliseconds / 1000).toFixed(4)}"`;
  if (outcome === 'pass') return `${head}/>`;
  const tag = outcome === 'fail' ? 'failure' : 'skipped';
  const text = outcome === 'fail' ? message : `${outcome}: ${message}`;
  return `${head}><${tag} message="${escape(text)}"/></testcase>`;
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    '\n': '&#10;',
  };
  // oxlint-disable-next-line no-control-regex -- XML has no other control characters
  return text.replace(/[&<>"\n]/g, (char) => entities[char]!).replace(/[\u0000-\u001f]/g, ' ');
}
