// The page: a form, a progress bar, a canvas. Drawing is the worker's.

import type { DrawMessage, DrawRequest } from './worker.ts';

const find = <E extends Element>(selector: string): E => document.querySelector<E>(selector)!;
const [form, button] = [find<HTMLFormElement>('form'), find<HTMLButtonElement>('button')];
const [bar, status, canvas] = [
  find<HTMLProgressElement>('progress'),
  find<HTMLOutputElement>('output'),
  find<HTMLCanvasElement>('canvas'),
];
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const model = new URL(form.dataset['model']!, location.href).href;
let began = 0;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form)) as Record<'prompt' | 'style' | 'steps' | 'seed', string>;
  const request: DrawRequest = { ...fields, model, steps: Number(fields.steps), seed: Number(fields.seed) };
  began = performance.now();
  button.disabled = true;
  status.value = 'opening the model';
  worker.postMessage(request, []);
});

worker.addEventListener('message', ({ data }: MessageEvent<DrawMessage>) => {
  if ('progress' in data) {
    bar.value = data.progress;
    status.value = `${Math.round(100 * data.progress)} %`;
    return;
  }
  button.disabled = false;
  if ('failure' in data) {
    status.value = data.failure;
    return;
  }
  canvas.getContext('2d')!.putImageData(new ImageData(data.picture, data.width, data.height), 0, 0);
  status.value = `${((performance.now() - began) / 1000).toFixed(1)} s`;
});
