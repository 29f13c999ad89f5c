import { describe, expect, it } from 'vitest'
import { gate as words } from '../../i18n/en/gate'
import { type Answer, answerText, answerWithComment, endsTask, isRejection } from './answers'

const answer = (kind: Answer['kind'], result: string, comment: string | null = null): Answer => ({
  kind,
  result,
  comment,
  answeredBy: { id: 9, name: 'mei' },
})

describe('an answer', () => {
  it.each([
    ['confirm', 'confirm', 'mei approved'],
    ['confirm', 'reject', 'mei rejected it'],
    ['confirm', 'Reject', 'mei rejected it'],
    ['choose', 'reject', 'mei answered: reject'],
    ['input', 'blue', 'mei answered: blue'],
    ['budget', 'continue', 'mei raised the budget'],
    ['budget', 'stop', 'mei stopped the task'],
    ['checkpoint', 'end', 'mei answered: End task'],
    ['branch', 'keep', 'mei answered: Keep it'],
  ] as const)('to %s, %s, is a sentence', (kind, result, text) => {
    expect(answerText(answer(kind, result), words)).toBe(text)
  })

  it('has its comment', () => {
    const text = answerWithComment(answer('confirm', 'reject', ' Not on a Friday. '), words)
    expect(text).toBe('mei rejected it: “Not on a Friday.”')
    expect(answerWithComment(answer('confirm', 'confirm', ' '), words)).toBe('mei approved')
  })

  it('that ends the task is known by its kind', () => {
    expect(endsTask({ kind: 'checkpoint', result: 'end' })).toBe(true)
    expect(endsTask({ kind: 'choose', result: 'stop' })).toBe(false)
    expect(isRejection(answer('confirm', 'reject'))).toBe(true)
    expect([isRejection(answer('choose', 'reject')), isRejection(null)]).toEqual([false, false])
  })
})
