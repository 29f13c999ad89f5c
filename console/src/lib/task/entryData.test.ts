import { expect, it } from 'vitest'
import { numberIn, objectsIn, textIn, textsIn } from './entryData'
import { countToolUses, type Entry, transcriptRows } from './transcript'

// `String(wild)` throws.
const wild = { toString: 1, valueOf: 1 }

it('what is of another type than it should be is not there', () => {
  const data = { a: wild, list: ['yes', null, wild, { path: 'x' }], n: '7' }
  expect(textIn(data, 'a')).toBe(null)
  expect(textsIn(data, 'list')).toEqual(['yes'])
  expect(objectsIn(data, 'list')).toEqual([wild, { path: 'x' }])
  expect([textsIn(data, 'a'), objectsIn({ list: null }, 'list'), numberIn(data, 'n')]).toEqual([
    [],
    [],
    null,
  ])
})

it('an entry of a machine that means no good is a row like others', () => {
  const entry = { number: 0, kind: 'tool', title: '', text: '', data: { tool: wild } } as never
  expect(transcriptRows([entry as Entry], [], 1)).toHaveLength(2)
  expect(countToolUses([entry])).toEqual([['other', 1]])
})
