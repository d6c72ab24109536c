import { defineConfig } from 'vitest/config';

// One project for every package: 40 inline projects cost five times as much as one.
const conditions = ['@unnoise/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    isolate: false,
    globals: true, // testScheduler(X) finds describe and it by itself
    maxWorkers: '100%', // the default leaves one of two cores idle
    testTimeout: 60_000, // some tests run whole tools, on machines that may be busy
    include: ['{packages/*,conformance,tools}/test/**/*.test.ts'],
  },
});
