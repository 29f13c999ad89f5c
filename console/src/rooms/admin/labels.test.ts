import { expect, test } from 'vitest'
import { readLabels, writtenLabels } from './labels'

test('labels come back as they were written', () => {
  const labels = { gpu: 'a100', zone: 'eu=1' }
  expect(readLabels(writtenLabels(labels))).toEqual(labels)
})

test('white space and empty lines say nothing', () => {
  expect(readLabels('  gpu = a100 \n\n')).toEqual({ gpu: 'a100' })
})

test('a line without a value is a name', () => {
  expect(readLabels('gpu')).toEqual({ gpu: '' })
})
