import { expect, test } from 'vitest'
import { Problem } from '../../api/problem'
import * as en from '../../i18n/en'
import { loginFailure } from './loginFailure'

const failure = (code: string, more: { after?: number; remaining?: number } = {}) =>
  loginFailure(
    new Problem(code, 401, 'as the server says', {}, null, more.after ?? null, more.remaining),
    en,
  )

test('a wrong password says how many tries are left, when they are few', () => {
  expect(failure('invalid_credentials', { remaining: 4 })).toBe('Wrong username or password.')
  expect(failure('invalid_credentials', { remaining: 1 })).toMatch(/1 attempt left\.$/)
})

test('who has to wait is told for how long, in minutes', () => {
  expect(failure('too_many_attempts', { after: 61 })).toMatch(/2 minutes/)
  expect(failure('too_many_attempts')).toMatch(/1 minute/)
})

test('what has no words of ours has the server’s', () => {
  expect(failure('unavailable')).toBe('as the server says')
})
