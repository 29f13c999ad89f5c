import { describe, expect, it } from 'vitest'
import { parseRuns, plainText, readableInk } from './ansi'

const E = '\u001b'

describe('colours', () => {
  it.each([
    [`${E}[31mred${E}[0m`, [{ text: 'red', style: { ink: 'var(--ansi-red)' } }]],
    [`${E}[1;92mx`, [{ text: 'x', style: { bold: true, ink: 'var(--ansi-bright-green)' } }]],
    [`${E}[38;5;196mx`, [{ text: 'x', style: { ink: 'rgb(255 0 0)' } }]],
    [`${E}[48;5;232mx`, [{ text: 'x', style: { ground: 'rgb(8 8 8)' } }]],
    [`${E}[38;5;9mx`, [{ text: 'x', style: { ink: 'var(--ansi-bright-red)' } }]],
    [`${E}[38;2;1;2;3;4mx`, [{ text: 'x', style: { ink: 'rgb(1 2 3)', underline: true } }]],
    [`${E}[38:2:1:2:3mx`, [{ text: 'x', style: { ink: 'rgb(1 2 3)' } }]],
    [
      `${E}[1;31ma${E}[22mb`,
      [
        { text: 'a', style: { bold: true, ink: 'var(--ansi-red)' } },
        { text: 'b', style: { ink: 'var(--ansi-red)' } },
      ],
    ],
    [
      `${E}[41ma${E}[mb`,
      [
        { text: 'a', style: { ground: 'var(--ansi-red)' } },
        { text: 'b', style: {} },
      ],
    ],
  ])('%j', (line, runs) => {
    expect(parseRuns(line).runs).toEqual(runs)
  })

  it('go on in the next line', () => {
    const { after } = parseRuns(`${E}[32mgreen`)
    expect(parseRuns('still', after).runs).toEqual([
      { text: 'still', style: { ink: 'var(--ansi-green)' } },
    ])
  })

  it.each([`${E}[38;5;300mx`, `${E}[38;2;1;2mx`, `${E}[38;9mx`, `${E}[999mx`, `${E}[48;5;mx`])(
    'that are none are none: %j',
    (line) => {
      const [run] = parseRuns(line).runs
      expect(run?.text).toBe('x')
    },
  )
})

describe('what is no text', () => {
  it.each([
    [`${E}]0;title\u0007a`, 'a'],
    [`${E}]52;c;ZXZpbA==\u0007a`, 'a'],
    [`${E}]8;;javascript:alert(1)\u0007link${E}]8;;\u0007`, 'link'],
    [`${E}]8;;https://a.b${E}\\link`, 'link'],
    [`${E}P+q544e${E}\\a`, 'a'],
    [`${E}[2J${E}[H${E}[?25la`, 'a'],
    [`${E}(Ba${E}7b${E}c`, 'ab'],
    ['a\u0000\u0007\u0008b\u009bc', 'abc'],
    ['tab\tstays', 'tab\tstays'],
    [`cut ${E}[3`, 'cut '],
    [`cut ${E}`, 'cut '],
    [`cut ${E}]0;never ends`, 'cut '],
  ])('%j shows %j', (line, plain) => {
    expect(plainText(line)).toBe(plain)
    expect(
      parseRuns(line)
        .runs.map(({ text }) => text)
        .join(''),
    ).toBe(plain)
  })

  it('is never shown, whatever comes', () => {
    let seed = 5
    const next = (below: number) => {
      seed = (Math.imul(seed, 48271) >>> 0) % 2147483647
      return seed % below
    }
    const parts = [
      E,
      '[',
      ']',
      ';',
      '0',
      '38',
      '5',
      'm',
      'J',
      '\u0007',
      '\\',
      'P',
      '<b>',
      'x',
      '\r',
      '\u009b',
    ]
    for (let round = 0; round < 5000; round += 1) {
      const line = Array.from({ length: next(14) }, () => parts[next(parts.length)]).join('')
      const { runs, after } = parseRuns(line)
      for (const { text } of runs) expect(text.replaceAll('\t', '')).not.toMatch(/\p{Cc}/u)
      for (const { ink, ground } of [...runs.map((run) => run.style), after]) {
        for (const colour of [ink, ground]) {
          if (colour) expect(colour).toMatch(/^(var\(--ansi-[a-z-]+\)|rgb\(\d+ \d+ \d+\))$/)
        }
      }
    }
  })

  it('of a progress bar is all but its last state', () => {
    expect(plainText('10 %\r50 %\rdone\r')).toBe('done')
    expect(parseRuns(`${E}[32m1\r2`).runs).toEqual([
      { text: '2', style: { ink: 'var(--ansi-green)' } },
    ])
  })
})

it('ink is the one that can be read on a ground', () => {
  expect(readableInk('rgb(10 20 60)')).toBe('var(--term-ink)')
  expect(readableInk('rgb(220 220 90)')).toBe('var(--term)')
  expect(readableInk('var(--ansi-yellow)')).toBe('var(--term)')
  expect(readableInk('var(--ansi-black)')).toBe('var(--term-ink)')
})
