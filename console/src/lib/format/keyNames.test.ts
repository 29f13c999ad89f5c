import { afterEach, expect, test, vi } from 'vitest'
import { formatModKey } from './keyNames'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', '⌘K'],
  ['Mozilla/5.0 (X11; Linux x86_64)', 'Ctrl K'],
])('on %s the palette opens with %s', (userAgent, name) => {
  vi.stubGlobal('navigator', { userAgent })
  expect(formatModKey('K')).toBe(name)
})
