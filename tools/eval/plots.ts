// Curves over the number of model evaluations, as SVG.

import { parse, View } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { compile } from 'vega-lite';

export interface Point {
  readonly sampler: string;
  readonly evaluations: number;
  readonly value: number;
}

/** Both axes logarithmic; one line and one shape for each sampler, in the order of the legend. */
export function curves(title: string, figure: string, points: readonly Point[]): Promise<string> {
  const axis = (field: string, name: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { type: 'log' as const, nice: false, padding: 12 },
    axis: { title: name, grid: true, gridOpacity: 0.4, values: ticks(points.map((point) => point[field as 'value'])) },
  });
  const samplers = [...new Set(points.map(({ sampler }) => sampler))];
  const key = { field: 'sampler', type: 'nominal' as const, sort: samplers, legend: { title: null } };
  const spec: TopLevelSpec = {
    width: 560,
    height: 360,
    background: 'white',
    title: { text: title, anchor: 'start', fontWeight: 'normal' },
    data: { values: [...points] },
    mark: { type: 'line', point: { size: 45, filled: true }, strokeWidth: 1.6 },
    encoding: {
      x: axis('evaluations', 'model evaluations'),
      y: axis('value', figure),
      color: { ...key, scale: { scheme: 'tableau20' } },
      shape: key,
    },
    config: { font: 'sans-serif', view: { stroke: null } },
  };
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

/** 1, 2 and 5 times powers of ten, as far as the values go. */
function ticks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const powers = Array.from({ length: 9 }, (_, i) => 10 ** (i - 4));
  return powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((tick) => tick >= low / 2 && tick <= high * 2);
}
