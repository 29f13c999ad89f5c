import { expect, test } from 'vitest'
import { isReauthenticationValid, requiresReauthentication } from './reauthenticationRoutes'

test.each([
  ['POST', '/api/web/profile/tokens', true],
  ['POST', '/api/web/device/ABCD-EFGH/approve', true],
  ['GET', '/api/web/profile/tokens', false],
  ['POST', '/api/web/profile/tokens/3/revoke', false],
  ['POST', '/api/web/device/ABCD-EFGH/deny', false],
])('%s %s wants a confirmation: %s', (method, path, wants) => {
  expect(requiresReauthentication(method, `https://muster.test${path}?a=b`)).toBe(wants)
})

const NOW = 'Fri, 27 Nov 2026 10:00:00 GMT'

test.each([
  [null, false],
  ['2026-11-27T09:59:00Z', false],
  ['2026-11-27T10:00:03Z', false],
  ['2026-11-27T10:09:00Z', true],
])('confirmed until %s is still so at ten: %s', (until, is) => {
  expect(isReauthenticationValid(until, NOW)).toBe(is)
})
