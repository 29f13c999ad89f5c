import { expect, test } from 'vitest'
import { changesOf } from './changes'

const plain = (text: string) => ({ text, named: text })

test('what was and what became stand side by side', () => {
  expect(changesOf({ role: 'lead' }, { role: 'admin' })).toEqual([
    { field: 'role', before: plain('lead'), after: plain('admin') },
  ])
})

test('fields inside fields have dots', () => {
  expect(changesOf(null, { budget: { cost: 5, tokens: null } })).toEqual([
    { field: 'budget.cost', before: null, after: plain('5') },
    { field: 'budget.tokens', before: null, after: plain('null') },
  ])
})

test('a list is one value', () => {
  expect(changesOf({ hosts: ['a'] }, { hosts: ['a', 'b'] })).toEqual([
    { field: 'hosts', before: plain('["a"]'), after: plain('["a","b"]') },
  ])
})

test('machines have names, and their IDs stay in the text as recorded', () => {
  expect(changesOf(null, { machines: ['0b7e-id'] }, { '0b7e-id': 'heron' })).toEqual([
    { field: 'machines', before: null, after: { text: '["0b7e-id"]', named: '["heron"]' } },
  ])
})

test('nothing changed nothing', () => {
  expect(changesOf(null, null)).toEqual([])
})
