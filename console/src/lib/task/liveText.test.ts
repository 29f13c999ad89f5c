import { describe, expect, it } from 'vitest'
import { addPart, type LiveTexts, lastLines, removeFinished, type TextPart } from './liveText'

const part = (offset: number, text: string, some: Partial<TextPart> = {}): TextPart => ({
  attempt: 1,
  entry: 4,
  kind: 'message',
  offset,
  text,
  ...some,
})
const output = (offset: number, text: string, entry = 2) =>
  part(offset, text, { kind: 'output', entry })
const put = (...parts: TextPart[]) => parts.reduce(addPart, {} as LiveTexts)
const ended = (number: number, kind: string, state: string | null = null) =>
  [{ number, kind, state }] as Parameters<typeof removeFinished>[1]

describe('a text in progress', () => {
  it('is put together from its parts', () => {
    expect(put(part(0, 'on😀'), part(3, 'e'))).toEqual({
      message: { entry: 4, text: 'on😀e', end: 4 },
    })
  })

  it('is not shown with a hole', () => {
    expect(put(part(0, 'one'), part(5, 'three'), part(10, 'four'))).toEqual({})
    expect(put(part(5, 'three'))).toEqual({})
  })

  it('starts again with a part at 0', () => {
    expect(put(part(0, 'one'), part(0, 'two', { entry: 6 }))).toEqual({
      message: { entry: 6, text: 'two', end: 3 },
    })
  })

  it('is not shown if it is endless', () => {
    const long = 'x'.repeat(40_000)
    expect(put(part(0, long), part(40_000, long), part(80_000, 'end'))).toEqual({})
  })

  it('gives way to its entry', () => {
    const live = put(part(0, 'one'), part(0, 'hm', { kind: 'thought' }))
    expect(removeFinished(live, ended(4, 'message'))).toEqual({ thought: live.thought })
    expect(removeFinished(live, ended(3, 'message'))).toEqual(live)
    expect(removeFinished(live, ended(5, 'tool', 'running'))).toEqual(live)
  })
})

describe('what a command prints', () => {
  it('stays until the command ends', () => {
    const live = put(output(0, 'ok 1'))
    expect(removeFinished(live, ended(2, 'command', 'running'))).toEqual(live)
    expect(removeFinished(live, ended(2, 'command', 'done'))).toEqual({ outputs: {} })
  })

  it('is kept apart for each command', () => {
    const live = put(output(0, 'a'), output(0, 'x', 3), output(1, 'b'), output(1, 'y', 3))
    expect(live.outputs).toMatchObject({ 2: { text: 'ab' }, 3: { text: 'xy' } })
  })

  it('goes on behind a gap, and for who comes later', () => {
    expect(put(output(7, 'b'), output(8, 'c')).outputs?.[2]?.text).toBe('bc')
    expect(put(output(0, 'a'), output(7, 'b'), output(8, 'c')).outputs?.[2]?.text).toBe('bc')
  })

  it('is kept without its start if it is long', () => {
    const parts = Array.from({ length: 20 }, (_, at) => output(at * 10_000, 'x'.repeat(10_000)))
    const live = put(...parts, output(200_000, 'end'))
    expect(live.outputs?.[2]).toMatchObject({ end: 200_003 })
    expect(live.outputs?.[2]?.text).toMatch(/^x{65533}end$/)
  })

  it('is shown with its last lines', () => {
    expect(lastLines('1\n2\n3\n', 2)).toBe('2\n3')
    expect(lastLines('1\n2\n\n', 2)).toBe('2\n')
    expect(lastLines('', 2)).toBe('')
    expect(lastLines('x'.repeat(1_000_000), 2).length).toBeLessThan(10_000)
  })
})
