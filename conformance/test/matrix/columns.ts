// What a column of the matrix is: a backend on a runtime, in Node or in a page. Which there are is in node-columns.ts and page-columns.ts.

import type { Backend } from '@unnoise/core';
import type { SuiteResult } from './suites.ts';

/** All cases, or the part that part.ts describes, or of that only steps and whole runs. */
export type Extent = 'all' | 'part' | 'runs';

export interface Column {
  readonly name: string;
  /** Where a GPU computes, or software in its place, a run of all cases takes an hour: the part is run unless all are asked for. */
  readonly extent: Extent;
  /** The suite for backends alone: these stand for kinds of backends, not for one that programs use. */
  readonly backendOnly?: boolean;
  /** The package of the runtime that the backend drives, as the folder sees it. */
  readonly runtime?: { readonly folder: string; readonly name: string };
  /** Throws `NotHere` where the machine lacks what it runs on. */
  create(): Promise<Made>;
}

export interface Made {
  readonly backend: Backend;
  /** What computes, as its driver calls itself; '' for the processor. */
  readonly device: string;
}

/** A column that is ready to run suites, wherever it lives. */
export interface Running {
  /** Node or a browser, with its version. */
  readonly place: string;
  readonly device: string;
  run(suite: string, extent: Extent): Promise<SuiteResult>;
  close(): Promise<void>;
}

/** The machine lacks what a column runs on. The message says what, and what to do. */
export class NotHere extends Error {}

/** The adapter as WebGPU tells it. */
export const adapterName = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  [...new Set([vendor, architecture, device, description])].filter(Boolean).join(' ') || 'an adapter without a name';
