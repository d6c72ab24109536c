// The process of one column in Node: makes it, and runs suites when in-node.ts asks.

import { SCHEDULERS } from '../subjects.ts';
import { type Extent, type Made, NotHere } from './columns.ts';
import { NODE_COLUMNS } from './node-columns.ts';
import { backendSuite, schedulerSuite, type SuiteResult } from './suites.ts';

export interface Asked {
  readonly suite: string;
  readonly extent: Extent;
}

export type Answer =
  | { readonly kind: 'open'; readonly device: string }
  | { readonly kind: 'not here'; readonly reason: string }
  | { readonly kind: 'ran'; readonly result: SuiteResult };

const answer = (one: Answer): boolean => process.send!(one);

async function open(name: string): Promise<Made | undefined> {
  try {
    const made = await NODE_COLUMNS.find((column) => column.name === name)!.create();
    answer({ kind: 'open', device: made.device });
    return made;
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    answer({ kind: 'not here', reason: error.message });
    return undefined;
  }
}

async function run({ suite, extent }: Asked, made: Made): Promise<void> {
  const scheduler = SCHEDULERS.find(({ className }) => className === suite);
  const result = scheduler ? await schedulerSuite(scheduler, made, extent) : await backendSuite(made, extent);
  answer({ kind: 'ran', result });
}

const made = await open(process.argv[2]!);
if (made) process.on('message', (asked: Asked) => void run(asked, made));
