import { expect, it } from 'vitest'
import { mixedIn } from './mixedScripts'

it.each([
  ['p\u0430ypal = 1', 'p\u0430ypal', ['Latn', 'Cyrl']],
  ['if (is_\u03b1dmin) {', 'is_\u03b1dmin', ['Latn', 'Grek']],
  ['let \u0441\u043ede2', '\u0441\u043ede2', ['Cyrl', 'Latn']],
  ['\u0585pen()', '\u0585pen', ['Armn', 'Latn']],
  ['x = \u044f\u597d', '\u044f\u597d', ['Cyrl', 'Hani']],
  ['\uac00\u3042', '\uac00\u3042', ['Hang', 'Hira']],
])('%s has a mixed identifier', (text, identifier, scripts) => {
  const [found, ...others] = mixedIn(text)
  expect(others).toEqual([])
  expect(text.slice(found?.from, found?.to)).toBe(identifier)
  expect(found?.scripts).toEqual(scripts)
})

it.each([
  'plain_text = 1',
  'größe café',
  'Привет, world',
  'кириллица_2',
  'API接口',
  'utf8の文字コード',
  'ㄅㄆHan漢',
  '한글ABC漢',
  'データベースDB',
  'می‌خواهم',
  'x\u0301y',
  '𝛼x',
  'สวัสดี',
])('%s has none', (text) => expect(mixedIn(text)).toEqual([]))
