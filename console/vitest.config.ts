import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const TESTS = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.test\.tsx?$/.test(path))
  .map((path) => `src/${path}`)
// Files that replace modules or globals would replace them for others, too.
const isReplacing = (path: string) => /\bvi\.(do)?(mock|stub)/i.test(readFileSync(path, 'utf8'))
const setupFiles = ['src/testing/setup.ts']

/** The tests that share processes, and those with a process for each file, which takes four times as long. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'shared',
          include: TESTS.filter((path) => !isReplacing(path)),
          isolate: false,
          setupFiles,
        },
      },
      { test: { name: 'isolated', include: TESTS.filter(isReplacing), setupFiles } },
    ],
  },
})
