// Serves and builds the page from the repository's sources. Of a project of your own, only `optimizeDeps` is needed.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const conditions = ['@unnoise/source', 'module', 'browser', 'development|production'];

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)), // the model lies there
  server: { open: '/examples/browser-webgpu/' },
  resolve: { conditions },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['onnxruntime-web'] }, // it finds its .wasm files beside its modules
  build: {
    outDir: fileURLToPath(new URL('../../out/browser-webgpu', import.meta.url)),
    rolldownOptions: { input: fileURLToPath(new URL('index.html', import.meta.url)) },
  },
});
