import { expect, test } from 'vitest'
import { qrPath } from './qrPath'

test('a run of dark squares is one piece, and light ones part it', () => {
  expect(qrPath([[true, true, false, true]])).toBe('M0 0h2v1h-2zM3 0h1v1h-1z')
})

test('each row begins anew', () => {
  expect(qrPath([[true], [true]])).toBe('M0 0h1v1h-1zM0 1h1v1h-1z')
})

test('nothing dark is an empty path', () => {
  expect(qrPath([[false, false]])).toBe('')
})
