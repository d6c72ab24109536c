// The page's half of the matrix: makes a column and runs suites when in-browser.ts asks. Goldens come from the server beside it.

import { urlGoldens } from '@unnoise/conformance';
import { loadScheduler, registerAll } from '@unnoise/schedulers';
import type { Extent, Made } from './columns.ts';
import { NotHere } from './columns.ts';
import { PAGE_COLUMNS } from './page-columns.ts';
import { backendSuite, schedulerSuite, type SuiteResult } from './suites.ts';

const GOLDEN = new URL('/conformance/golden/', location.href);
let made: Made | undefined;

export type Opened = { readonly device: string } | { readonly notHere: string };

/** Makes the column, and registers every scheduler for the swaps. */
export async function open(name: string): Promise<Opened> {
  await registerAll();
  try {
    made = await PAGE_COLUMNS.find((column) => column.name === name)!.create();
    return { device: made.device };
  } catch (error) {
    if (error instanceof NotHere) return { notHere: error.message };
    throw error;
  }
}

export async function run(suite: string, extent: Extent): Promise<SuiteResult> {
  if (suite === 'backends') return backendSuite(made!, extent);
  const golden = await urlGoldens(GOLDEN, [suite]);
  return schedulerSuite(await loadScheduler(suite), made!, extent, { golden });
}
