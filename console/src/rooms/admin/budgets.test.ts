import { expect, test } from 'vitest'
import { budgetOf } from './budgets'

const given = (fields: Record<string, string>) => ({ text: (name: string) => fields[name] ?? '' })

test('what is left empty has no limit', () => {
  expect(budgetOf(given({ cost: '12.5' }))).toEqual({ minutes: null, tokens: null, cost: 12.5 })
})

test('without any limit there is no budget', () => {
  expect(budgetOf(given({}))).toBeNull()
})

test('nothing at all is a limit, too', () => {
  expect(budgetOf(given({ tokens: '0' }))).toEqual({ minutes: null, tokens: 0, cost: null })
})
