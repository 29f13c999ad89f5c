import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const TESTS = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.test\.tsx?$/.test(path))
  .map((path) => `src/${path}`)
// Mocks of modules or globals would leak into other files of the same process.
const isReplacing = (path: string) => /\bvi\.(do)?(mock|stub)/i.test(readFileSync(path, 'utf8'))

/** Tests that share processes, and tests with a process per file, which take four times as long. */
export default defineConfig({
  test: {
    setupFiles: ['src/testing/setup.ts'],
    testTimeout: 30_000,
    // Without `extends`, a project gets none of the options above.
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: TESTS.filter((path) => !isReplacing(path)),
          isolate: false,
        },
      },
      { extends: true, test: { name: 'isolated', include: TESTS.filter(isReplacing) } },
    ],
  },
})
