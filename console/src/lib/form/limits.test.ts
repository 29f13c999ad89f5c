import { expect, test } from 'vitest'
import { readLimits } from './limits'

const given = (fields: Record<string, string>) => (name: string) =>
  fields[name.slice('budget.'.length)] ?? ''

test('what is left empty has no limit', () => {
  expect(readLimits(given({ cost: '12.5' }), 'budget')).toEqual({
    minutes: null,
    tokens: null,
    cost: 12.5,
  })
})

test('without any limit there is no budget', () => {
  expect(readLimits(given({}), 'budget')).toBeNull()
})

test('nothing at all is a limit, too', () => {
  expect(readLimits(given({ tokens: '0' }), 'budget')).toEqual({
    minutes: null,
    tokens: 0,
    cost: null,
  })
})
