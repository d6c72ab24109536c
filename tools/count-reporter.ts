// Prints `N passed, N failed` as the very last line of a test run. Vitest's own reporter says everything else.
import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** A file that could not be loaded, a broken suite hook and an unhandled error count as one failure each. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string): number => states.filter((other) => other === state).length;
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.flatMap((suite) => suite.errors()).length + unhandled.length;
    const line = `${count('passed')} passed, ${count('failed') + broken} failed\n`;
    process.once('exit', () => writeSync(1, line));
  }
}
