import { describe, expect, it } from 'vitest'
import { budgetRows } from './budgetRows'
import { dailyUsage, dayRange, daysBetween } from './dailyUsage'

const usage = (inputTokens: number | null) => ({
  inputTokens,
  outputTokens: 5,
  cachedTokens: null,
  reasoningTokens: null,
  cost: null,
  isEstimate: false,
})

describe('usage day by day', () => {
  it('has each day once, in order, and 0 where there is nothing', () => {
    const found = dailyUsage([{ key: '2030-02-01', usage: usage(7) }], '2030-01-31', 3)
    expect(found.at[1]).toBe(Date.parse('2030-02-01') / 1000)
    expect(found.input).toEqual([0, 7, 0])
    expect(found.output).toEqual([0, 5, 0])
    expect(found.cost).toEqual([0, null, 0])
  })
})

it.each([
  [1, 7],
  [3, 7],
  [7, 7],
  [30, 30],
])('of %i days, a chart shows %i', (count, days) => {
  const { at } = dailyUsage([], '2030-01-31', count)
  const [from, to] = dayRange(at)
  expect((to - from) / 86_400).toBe(days)
  expect(from + to).toBe((at[0] ?? 0) + (at.at(-1) ?? 0))
})

it.each([
  ['2030-01-31', '2030-02-02', 3],
  ['2030-01-31', '2030-01-31', 1],
  ['2030-02-01', '2030-01-31', 1],
  ['2020-01-01', '2030-01-01', 400],
])('from %s to %s a chart has %i days', (from, to, days) => {
  expect(daysBetween(from, to)).toBe(days)
})

describe("a month's budget", () => {
  it('shows the limits that there are', () => {
    const used = { minutes: 5, tokens: null, cost: 1.5 } as never
    expect(budgetRows({ budget: { tokens: 100, cost: 2 }, used })).toEqual([
      { what: 'tokens', limit: 100, used: null },
      { what: 'cost', limit: 2, used: 1.5 },
    ])
    expect(budgetRows({ budget: null, used })).toEqual([])
  })
})
