// The loop that README.md shows, with nothing but onnxruntime-node: values by name, a graph per row.

import * as ort from 'onnxruntime-node';

import type { ExportedStep } from '../src/index.ts';

type Values = Record<string, ort.Tensor>;

export class TableLoop {
  readonly table: ExportedStep['table'];
  /** By name and step: `prev_sample@3`. */
  readonly values: Values = {};
  readonly #sessions: readonly ort.InferenceSession[];

  private constructor(table: ExportedStep['table'], sessions: readonly ort.InferenceSession[]) {
    this.table = table;
    this.#sessions = sessions;
  }

  static async open({ graphs, table }: ExportedStep): Promise<TableLoop> {
    const sessions: ort.InferenceSession[] = [];
    for (const graph of graphs) sessions.push(await ort.InferenceSession.create(graph, { logSeverityLevel: 3 }));
    return new TableLoop(table, sessions);
  }

  /** Runs step i; what it needs is in `values`. */
  async step(i: number): Promise<Values> {
    const { graph, coefficients, inputs, outputs } = this.table.steps[i]!;
    const feeds: Values = {};
    for (const [name, source] of Object.entries(inputs)) feeds[name] = this.values[source]!;
    if (coefficients.length > 0) feeds['coefficients'] = new ort.Tensor('float32', Float32Array.from(coefficients));
    const results = await this.#sessions[graph]!.run(feeds, [...outputs]);
    for (const name of outputs) this.values[`${name}@${i}`] = results[name]!;
    return results;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }
}
