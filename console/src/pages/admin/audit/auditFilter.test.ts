import { expect, test } from 'vitest'
import { auditFilter } from './auditFilter'

test('empty fields are left out', () => {
  expect(auditFilter({ actor: 'ada', action: '', targetId: undefined })).toEqual({ actor: 'ada' })
})

test('both days are included', () => {
  const { from, to } = auditFilter({ from: '2026-11-27', to: '2026-11-27' })
  expect(from && to && Date.parse(to) - Date.parse(from)).toBe(86_400_000)
})

test('what is no day is no filter', () => {
  expect(auditFilter({ from: 'yesterday' })).toEqual({})
})
