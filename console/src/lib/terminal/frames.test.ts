import { describe, expect, it } from 'vitest'
import { clampSize, MAX_BYTES, parseFrame, splitInput } from './frames'

/** Returns a seeded generator: the same numbers in each run. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

describe('a text frame', () => {
  it.each([
    ['{"type":"ready","mode":"watch","cols":80,"rows":24,"offset":7,"attempt":1}', 'ready'],
    ['{"type":"screen","offset":7,"cols":80,"rows":24,"data":"x"}', 'screen'],
    ['{"type":"gap","from":1,"to":9}', 'gap'],
    ['{"type":"resize","cols":80,"rows":24}', 'resize'],
    ['{"type":"takeover","by":"Mei"}', 'takeover'],
    ['{"type":"refused","code":"gate"}', 'refused'],
    ['{"type":"exit","code":143,"stageIndex":0}', 'exit'],
    ['{"type":"viewers","people":[{"name":"Mei","mode":"control"}]}', 'viewers'],
    ['{"type":"ping"}', 'ping'],
  ])('%s is understood', (text, type) => {
    expect(parseFrame(text)?.type).toBe(type)
  })

  it('has its defaults', () => {
    expect(parseFrame('{"type":"screen","offset":0,"cols":1,"rows":1,"data":""}')).toMatchObject({
      exact: true,
    })
    expect(parseFrame('{"type":"takeover"}')).toEqual({ type: 'takeover', by: null })
    expect(
      parseFrame('{"type":"viewers","people":[{"name":"a","mode":"watch"},{"name":7}]}'),
    ).toEqual({
      type: 'viewers',
      people: [{ name: 'a', mode: 'watch', isYou: false }],
    })
  })

  it.each([
    '',
    'null',
    '[]',
    '{"type":"new"}',
    '{"type":"ready","mode":"watch","cols":0,"rows":24,"offset":7,"attempt":1}',
    '{"type":"ready","mode":"own","cols":8,"rows":24,"offset":7,"attempt":1}',
    '{"type":"screen","offset":-1,"cols":80,"rows":24,"data":"x"}',
    '{"type":"screen","offset":1,"cols":80,"rows":24}',
    '{"type":"gap","from":9,"to":1}',
    '{"type":"resize","cols":1e9,"rows":1}',
    '{"type":"exit","code":"0","stageIndex":0}',
  ])('%s is nothing', (text) => {
    expect(parseFrame(text)).toBeNull()
  })

  it('of any shape is one of the frames whole, or nothing, and never an error', () => {
    const next = numbers(7)
    const values = [0, -1, 1.5, 2 ** 53, 12, 'x', '', null, true, [], {}, [{}], 'watch', 'control']
    const fields = ['mode', 'cols', 'rows', 'offset', 'attempt', 'data', 'from', 'to', 'code']
    const types = ['ready', 'screen', 'gap', 'resize', 'refused', 'exit', 'viewers', 'takeover']
    for (let round = 0; round < 5000; round += 1) {
      const sample: Record<string, unknown> = { type: types[next(types.length)] }
      for (const field of fields) if (next(4)) sample[field] = values[next(values.length)]
      sample.people = values[next(values.length)]
      const frame = parseFrame(JSON.stringify(sample))
      for (const [name, value] of Object.entries(frame ?? {})) {
        if (['cols', 'rows'].includes(name)) expect(value).toSatisfy((n) => n >= 1 && n <= 1000)
        if (['offset', 'from', 'to', 'attempt'].includes(name)) {
          expect(value).toSatisfy((n) => Number.isSafeInteger(n) && n >= 0)
        }
      }
    }
  })
})

describe('what is typed', () => {
  it('goes in frames that the server takes, and is whole', () => {
    const next = numbers(3)
    for (const length of [0, 1, MAX_BYTES, MAX_BYTES + 1, 3 * MAX_BYTES + 17]) {
      const bytes = Uint8Array.from({ length }, () => next(256))
      const pieces = splitInput(bytes)
      expect(pieces.every((piece) => piece.length > 0 && piece.length <= MAX_BYTES)).toBe(true)
      expect(Buffer.concat(pieces).equals(Buffer.from(bytes))).toBe(true)
    }
  })
})

it('a size is one that the server takes', () => {
  expect(clampSize(80.7, 0)).toEqual({ cols: 80, rows: 1 })
  expect(clampSize(Number.NaN, 5000)).toEqual({ cols: 1, rows: 1000 })
})
