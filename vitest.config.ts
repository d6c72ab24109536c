import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import { keepInOut, runInNode } from './tools/browser-commands.ts';
import { chromium, CHROMIUM_FLAGS, vulkan } from './tools/devices.mjs';

const conditions = (platform: string): string[] => ['@unnoise/source', 'module', platform, 'development|production'];
const nodeConditions = conditions('node');

Object.assign(process.env, vulkan()); // for the processes that tests run in

// One project for all packages, and one for what runs in a browser: 40 inline projects cost five times as much.
const node: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'node',
    include: ['{packages/*,conformance,tools}/test/**/*.test.ts'],
    exclude: ['**/*.browser.test.ts'],
  },
};

const browser = (executablePath: string): TestProjectInlineConfiguration => ({
  extends: true,
  resolve: { conditions: conditions('browser') },
  server: {
    // With these two, pages have SharedArrayBuffer.
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  },
  optimizeDeps: { exclude: ['onnxruntime-web'] }, // it finds its .wasm files beside its modules
  test: {
    name: 'chromium',
    include: ['{packages/*,conformance}/test/**/*.browser.test.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      commands: { keepInOut, runInNode },
      provider: playwright({ launchOptions: { executablePath, args: CHROMIUM_FLAGS } }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

const executable = chromium(); // where there is none, tools/device-reporter.ts says so, and tools/test/devices.test.ts fails in CI

export default defineConfig({
  resolve: { conditions: nodeConditions },
  ssr: { resolve: { conditions: nodeConditions } },
  test: {
    isolate: false,
    globals: true, // testScheduler(X) finds describe and it by itself
    maxWorkers: '100%', // the default leaves one of two cores idle
    testTimeout: 60_000, // some tests run whole tools, on machines that may be busy
    projects: executable ? [node, browser(executable)] : [node],
  },
});
