import { expect, test } from 'vitest'
import { emptyPrice, pricesOf, priceText } from './priceTexts'

test('prices come back as they are kept', () => {
  const prices = [
    { agent: 'codex', model: 'gpt-5*', input: 1.25, cached: 0.125, output: 10 },
    { model: '*', input: 0, output: 0, reasoning: 3 },
  ]
  expect(pricesOf(prices.map(priceText))).toEqual(prices)
})

test('what is not told is left out, and nothing is a price', () => {
  const price = { ...emptyPrice(), model: ' m ', input: '1', output: '2', cached: '0' }
  expect(pricesOf([price])).toEqual([{ model: 'm', input: 1, output: 2, cached: 0 }])
})
