import { defineConfig } from 'vitest/config'

const resolve = { conditions: ['partway-source', 'node', 'default'] }
// Limits are generous: the machine may be busy with something else.
const expect = { poll: { timeout: 15_000 } }
const ssr = { resolve: { conditions: resolve.conditions } }

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'fast',
          include: ['packages/*/test/{unit,contract,http}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          expect,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // Real programs on real files; one at a time, because the machine may have two cores.
          name: 'e2e',
          include: ['packages/*/test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // Real databases and stores, started before and stopped after.
          name: 'engines',
          include: ['packages/*/test/engines/**/*.test.ts'],
          globalSetup: ['postgres', 'ceph'].map(
            (engine) => `packages/server/test/support/engine-${engine}.ts`,
          ),
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect,
        },
      },
    ],
  },
})
