// Counts verdicts by class and says at once how to see a disagreement again.

import type { Verdict } from './judge.ts';

interface Counts {
  agree: number;
  explained: number;
  disagree: number;
  /** Of all: those where upstream fails or gives NaN. */
  failed: number;
  unusable: number;
}

export class Tally {
  readonly #seed: number;
  readonly #classes = new Map<string, Counts>();
  readonly #explained = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  add({ id, className, verdict, reasons, failed }: Verdict): void {
    const counts = this.#of(className);
    counts[verdict]++;
    if (failed !== undefined) counts.failed++;
    if (verdict === 'explained') this.#explained.set(reasons[0]!, (this.#explained.get(reasons[0]!) ?? 0) + 1);
    if (verdict === 'disagree')
      console.log([`DISAGREE ${id} (${this.#again(id)})`, ...reasons.slice(0, 3)].join('\n  '));
  }

  /** A case that the recipe could not put to upstream: it is not counted as a case. */
  unusable(id: string, reason: string): void {
    this.#of(id.split('/')[0]!).unusable++;
    console.log(`unusable ${id}: ${reason}`);
  }

  get disagreements(): number {
    return this.#sum('disagree');
  }

  line(): string {
    const { agree, explained, disagree, failed, unusable } = this.#total();
    return `${agree + explained + disagree} cases: ${agree} agree, ${explained} explained, ${disagree} disagree (upstream failed in ${failed}; ${unusable} unusable)`;
  }

  report(version: string): string {
    const cells = (name: string, { agree, explained, disagree, failed }: Counts): string =>
      `| ${[name, agree + explained + disagree, agree, explained, disagree, failed].join(' | ')} |`;
    const rows = [...this.#classes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, counts]) => cells(name, counts));
    const reasons = [...this.#explained].map(([reason, count]) => `- ${count}: ${reason}`);
    return [
      `seed ${this.#seed}, diffusers ${version}`,
      '| class | cases | agree | explained | disagree | upstream fails |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
      cells('all', this.#total()),
      ...reasons,
    ].join('\n');
  }

  #of(className: string): Counts {
    let counts = this.#classes.get(className);
    if (!counts) {
      counts = { agree: 0, explained: 0, disagree: 0, failed: 0, unusable: 0 };
      this.#classes.set(className, counts);
    }
    return counts;
  }

  #total(): Counts {
    const total = (key: keyof Counts): number => this.#sum(key);
    const [agree, explained, disagree] = [total('agree'), total('explained'), total('disagree')];
    return { agree, explained, disagree, failed: total('failed'), unusable: total('unusable') };
  }

  #sum(key: keyof Counts): number {
    return [...this.#classes.values()].reduce((sum, counts) => sum + counts[key], 0);
  }

  #again(id: string): string {
    return `--seed ${this.#seed} --case ${id.split('-').at(-1)}`;
  }
}
