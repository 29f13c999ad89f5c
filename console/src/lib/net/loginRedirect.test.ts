import { expect, test } from 'vitest'
import { loginSearch, safeRedirectPath } from './loginRedirect'

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
  expect(safeRedirectPath(next)).toBe(path)
})

test('a login is told why a sign-in came to nothing, and what is after it is not', () => {
  expect(loginSearch('/', { error: 'invalid_sign_in' }, '')).toEqual({
    next: '/',
    error: 'invalid_sign_in',
  })
  const search = { tab: 'diff & more', error: 'unavailable' } as { error?: string }
  expect(loginSearch('/tasks/42', search, 'L7')).toEqual({
    next: '/tasks/42?tab=diff+%26+more#L7',
    error: 'unavailable',
  })
  expect(loginSearch('/tasks', {}, '')).toEqual({ next: '/tasks', error: undefined })
})
