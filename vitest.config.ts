import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/print-backends.ts'],
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Files are long and many: a process for each core.
    maxWorkers: '100%',
    // Threads and processes that tests start run the TypeScript sources too.
    execArgv: ['--import', new URL('test/helpers/typescript-loader.js', import.meta.url).href],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
