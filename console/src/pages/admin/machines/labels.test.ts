import { expect, test } from 'vitest'
import { formatLabels, parseLabels } from './labels'

test('labels come back as they were written', () => {
  const labels = { gpu: 'a100', zone: 'eu=1' }
  expect(parseLabels(formatLabels(labels))).toEqual(labels)
})

test('white space and empty lines say nothing', () => {
  expect(parseLabels('  gpu = a100 \n\n')).toEqual({ gpu: 'a100' })
})

test('a line without a value is a name', () => {
  expect(parseLabels('gpu')).toEqual({ gpu: '' })
})
