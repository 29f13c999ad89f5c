import { describe, expect, it } from 'vitest'
import { addPart, type LiveTexts, removeFinished, type TextPart } from './liveText'

const part = (offset: number, text: string, some: Partial<TextPart> = {}): TextPart => ({
  attempt: 1,
  entry: 4,
  kind: 'message',
  offset,
  text,
  ...some,
})
const put = (...parts: TextPart[]) => parts.reduce(addPart, {} as LiveTexts)
const ended = (number: number, kind: string, state: string | null = null) =>
  [{ number, kind, state }] as Parameters<typeof removeFinished>[1]

describe('a text in progress', () => {
  it('is put together from its parts', () => {
    expect(put(part(0, 'on😀'), part(3, 'e'))).toEqual({ message: { entry: 4, text: 'on😀e' } })
  })

  it('is not shown with a hole', () => {
    expect(put(part(0, 'one'), part(5, 'three'), part(10, 'four'))).toEqual({})
    expect(put(part(5, 'three'))).toEqual({})
  })

  it('starts again with a part at 0', () => {
    expect(put(part(0, 'one'), part(0, 'two', { entry: 6 }))).toEqual({
      message: { entry: 6, text: 'two' },
    })
  })

  it('gives way to its entry', () => {
    const live = put(part(0, 'one'), part(0, 'hm', { kind: 'thought' }))
    expect(removeFinished(live, ended(4, 'message'))).toEqual({ thought: { entry: 4, text: 'hm' } })
    expect(removeFinished(live, ended(3, 'message'))).toEqual(live)
    expect(removeFinished(live, ended(5, 'tool', 'running'))).toEqual(live)
  })

  it('that a command prints stays until that ends', () => {
    const live = put(part(0, 'ok 1', { kind: 'output', entry: 2 }))
    expect(removeFinished(live, ended(2, 'command', 'running'))).toEqual(live)
    expect(removeFinished(live, ended(2, 'command', 'done'))).toEqual({})
  })
})
