// The same loop in a Web Worker: takes a run, gives its report.

import type { Provider } from './loop.ts';
import { draw, open } from './loop.ts';
import type { LoopRun } from './runs.ts';

export interface Job {
  readonly provider: Provider;
  readonly run: LoopRun;
  readonly base: string;
}

async function answer({ provider, run, base }: Job): Promise<void> {
  try {
    const place = await open(provider, run.model, base);
    const report = await draw(place, run);
    await place.close();
    self.postMessage({ report }, { transfer: [] });
  } catch (error) {
    self.postMessage({ failure: String((error as Error).stack) }, { transfer: [] });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<Job>) => void answer(data));
