// Noise levels as SVG: a row of dots for each schedule, and curves over the steps.

import { parse, View } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { compile } from 'vega-lite';
import type { Level } from './schedules.ts';

const svg = (spec: TopLevelSpec): Promise<string> => new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();

function common(title: string, data: readonly Level[]) {
  return {
    background: 'white',
    title: { text: title, anchor: 'start' as const, fontWeight: 'normal' as const },
    data: { values: [...data] },
    config: { font: 'sans-serif', view: { stroke: null } },
  };
}

const names = (data: readonly Level[]): string[] => [...new Set(data.map(({ schedule }) => schedule))];

/** Where the levels lie, the first on the left. */
export function dots(title: string, data: readonly Level[]): Promise<string> {
  return svg({
    ...common(title, data),
    width: 620,
    height: { step: 26 },
    mark: { type: 'point', filled: true, size: 40 },
    encoding: {
      x: {
        field: 'sigma',
        type: 'quantitative',
        scale: { type: 'log', reverse: true, nice: false, padding: 10 },
        axis: { title: 'sigma', gridOpacity: 0.4, values: [100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01] },
      },
      y: { field: 'schedule', type: 'nominal', sort: names(data), axis: { title: null, grid: true, gridOpacity: 0.4 } },
      color: { field: 'schedule', type: 'nominal', sort: names(data), legend: null, scale: { scheme: 'tableau20' } },
    },
  });
}

/** The level of each step. */
export function steps(title: string, data: readonly Level[], scale: 'log' | 'linear'): Promise<string> {
  const key = {
    field: 'schedule',
    type: 'nominal' as const,
    sort: names(data),
    legend: { title: null, labelLimit: 0 },
  };
  return svg({
    ...common(title, data),
    width: 560,
    height: 320,
    mark: { type: 'line', point: { size: 35, filled: true }, strokeWidth: 1.6 },
    encoding: {
      x: { field: 'index', type: 'quantitative', axis: { title: 'step', gridOpacity: 0.4, tickMinStep: 1 } },
      y: { field: 'sigma', type: 'quantitative', scale: { type: scale }, axis: { title: 'sigma', gridOpacity: 0.4 } },
      color: { ...key, scale: { scheme: 'tableau20' } },
      shape: key,
    },
  });
}
