// A Chromium and a server of this repository's sources for it. A column gets a browser of its own, so that one that dies takes no other
// along.

import { fileURLToPath } from 'node:url';
import { chromium as launcher, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { chromium, CHROMIUM_FLAGS, NO_CHROMIUM } from '../../../tools/devices.mjs';
import { type Column, type Extent, NotHere, type Running } from './columns.ts';
import type { Opened } from './page.ts';
import type { SuiteResult } from './suites.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HERE = '/conformance/test/matrix';

/** Serves until it is closed. Pages have SharedArrayBuffer. */
export function serve(): Promise<ViteDevServer> {
  const server = createServer({
    root: ROOT,
    configFile: false,
    cacheDir: 'node_modules/.vite/conformance',
    logLevel: 'error',
    appType: 'mpa',
    resolve: { conditions: ['@unnoise/source', 'module', 'browser', 'development|production'] },
    optimizeDeps: { entries: [`.${HERE}/page.ts`], exclude: ['onnxruntime-web'] }, // it finds its .wasm files beside its modules
    server: {
      host: '127.0.0.1',
      hmr: false,
      watch: null,
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    },
  });
  return server.then((made) => made.listen());
}

/** The column in a new browser. */
export async function openInBrowser({ name }: Column, server: ViteDevServer): Promise<Running> {
  const executablePath = chromium();
  if (!executablePath) throw new NotHere(NO_CHROMIUM);
  const browser = await launcher.launch({ executablePath, args: CHROMIUM_FLAGS });
  const page = await browser.newPage();
  await page.goto(new URL(`${HERE}/page.html`, server.resolvedUrls!.local[0]).href);
  const opened = (await call(page, 'open', name)) as Opened;
  if ('notHere' in opened) throw new NotHere(opened.notHere);
  return {
    place: `Chromium ${browser.version()}`,
    device: opened.device,
    run: async (suite: string, extent: Extent) => (await call(page, 'run', suite, extent)) as SuiteResult,
    close: () => browser.close(),
  };
}

/** Calls a function of page.ts. As text: what a compiler puts around a function here means nothing in a page. */
function call(page: Page, name: string, ...args: readonly string[]): Promise<unknown> {
  return page.evaluate(`import('${HERE}/page.ts').then((page) => page.${name}(...${JSON.stringify(args)}))`);
}
