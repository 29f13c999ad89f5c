import { expect, test } from 'vitest'
import { ownPath } from './place'

test.each([
  ['/tasks/42?tab=diff', '/tasks/42?tab=diff'],
  ['/', '/'],
  [undefined, '/'],
  ['', '/'],
  ['tasks', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['https://evil.example/', '/'],
  ['javascript:alert(1)', '/'],
])('%s leads to %s', (next, path) => {
  expect(ownPath(next)).toBe(path)
})
