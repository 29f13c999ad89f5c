import { expect, it } from 'vitest'
import * as en from '../../i18n/en'
import * as zh from '../../i18n/zh'
import { eventText } from './eventText'

const inChinese = (type: string, data: Record<string, unknown>) =>
  eventText({ type, message: 'as the server has it', data } as never, {
    texts: zh.events.texts,
    statusWords: zh.statusText,
    stage: 'test',
    agentType: 'claude',
  })

it.each([
  ['stage_finished', { how: 'exit', code: 2 }, '阶段“test”以退出码 2 结束'],
  ['failed', { code: 'stage_timeout' }, 'test 超时（as the server has it）'],
  [
    'message',
    { number: 3, state: 'delivered', createdBy: { name: 'mei' } },
    '智能体已读 mei 的第 3 条消息',
  ],
  ['confirmed', { result: 'v2\u202e', answeredBy: { name: 'bo' } }, 'bo 回答：v2⟨U+202E⟩'],
])('is a sentence of the page’s language: %s', (type, data, text) => {
  expect(inChinese(type, data)).toBe(text)
})

it.each([
  ['stage_finished', { how: 'signal', code: 9 }],
  ['egress_refused', {}],
  ['message', { state: 'lost' }],
  ['warning', { withdrawn: true }],
])('is the server’s where the data doesn’t have all of it: %s', (type, data) => {
  expect(inChinese(type, data)).toBe('as the server has it')
})

it('is the server’s in its own language', () => {
  expect(Object.keys(en.events.texts)).toEqual([])
})
