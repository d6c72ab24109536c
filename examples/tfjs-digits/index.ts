// The digits 0 to 9, three of each, as out/tfjs-digits.png.

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { toGrid } from '@unnoise/pipelines';
import { savePng } from '@unnoise/pipelines/node';

import { drawDigits } from './digits.ts';

setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
await setBackend('wasm');

const labels = Array.from({ length: 30 }, (_, i) => i % 10);
const start = performance.now();
const images = await drawDigits(labels, 0);
const path = 'out/tfjs-digits.png';
await savePng(path, toGrid(images, { columns: 10, scale: 6 }));
console.log(`${images.length} digits on ${getBackend()} in ${Math.round(performance.now() - start)} ms: ${path}`);
