import { expect, test } from 'vitest'
import { fieldItem } from './fieldItem'

test.each([
  ['labels', 'labels', null],
  ['labels', 'labels.gpu type.key', 'gpu type'],
  ['labels', 'labels.example.org/zone.value', 'example.org/zone'],
  ['labels', 'labels.7.value', '7'],
  ['labels', 'labels..key', null],
  ['network', 'network.allow', null],
  ['network', 'network.allow.0', 0],
  ['hosts', 'hosts.19', 19],
])('in %s %s is about %s', (field, name, item) => {
  expect(fieldItem(field, name)).toBe(item)
})
