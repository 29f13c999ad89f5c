import { expect, test } from 'vitest'
import { changesOf } from './changes'

test('what was and what became stand side by side', () => {
  expect(changesOf({ role: 'lead' }, { role: 'admin' })).toEqual([
    { field: 'role', before: 'lead', after: 'admin' },
  ])
})

test('fields inside fields have dots', () => {
  expect(changesOf(null, { budget: { cost: 5, tokens: null } })).toEqual([
    { field: 'budget.cost', before: null, after: '5' },
    { field: 'budget.tokens', before: null, after: 'null' },
  ])
})

test('a list is one value', () => {
  expect(changesOf({ hosts: ['a'] }, { hosts: ['a', 'b'] })).toEqual([
    { field: 'hosts', before: '["a"]', after: '["a","b"]' },
  ])
})

test('nothing changed nothing', () => {
  expect(changesOf(null, null)).toEqual([])
})
