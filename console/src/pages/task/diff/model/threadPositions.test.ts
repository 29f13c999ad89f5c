import { describe, expect, it } from 'vitest'
import {
  countDrafts,
  type File,
  orderThreads,
  placeThreads,
  type Thread,
  threadState,
} from './threadPositions'

const file: File = {
  path: 'new.py',
  oldPath: 'old.py',
  blob: 'b2',
  oldBlob: 'b1',
  hunks: [
    {
      oldStart: 1,
      oldLines: 2,
      newStart: 1,
      newLines: 2,
      section: '',
      lines: [
        { type: 'context', oldLine: 1, newLine: 1, text: '' },
        { type: 'deleted', oldLine: 2, newLine: null, text: '' },
        { type: 'added', oldLine: null, newLine: 2, text: '' },
      ],
    },
  ],
}

let ids = 0
function thread(position: Partial<Thread['position']>, more: Partial<Thread> = {}): Thread {
  const none = { path: null, side: null, line: null, endLine: null, blob: null, outdated: false }
  return {
    id: ++ids,
    round: 1,
    attempt: 1,
    position: { ...none, ...position },
    original: { ...none, commit: null },
    code: null,
    resolvedAt: null,
    resolvedBy: null,
    comments: [comment(false)],
    createdAt: '',
    ...more,
  }
}
function comment(draft: boolean): Thread['comments'][number] {
  return {
    id: ++ids,
    threadId: 0,
    author: null,
    attempt: null,
    body: '',
    draft,
    reviewId: null,
    createdAt: '',
  }
}
const onLine = (side: 'old' | 'new', line: number, blob: string, outdated = false) =>
  thread({ path: 'new.py', side, line, endLine: line, blob, outdated })

describe('a thread stands', () => {
  it.each([
    ['under its line', onLine('new', 2, 'b2'), 'new-2'],
    ['under a line that was taken out', onLine('old', 2, 'b1'), 'old-2'],
    ['above, when its line is not shown', onLine('new', 90, 'b2'), 'above'],
    ['above, when it is about another version', onLine('new', 2, 'b9'), 'above'],
    ['above, when its line is not there any more', onLine('new', 2, 'b2', true), 'above'],
    ['above, when it is about the file', thread({ path: 'new.py' }), 'above'],
    ['above, when the file was called otherwise', thread({ path: 'old.py' }), 'above'],
    ['on top, when it is about the whole', thread({}), 'whole'],
    ['on top, when its file is not there', thread({ path: 'gone.py' }), 'whole'],
  ])('%s', (_, one, where) => {
    const { ofFile, whole } = placeThreads([one], [file])
    const own = ofFile.get('new.py')
    const found =
      whole.length > 0
        ? 'whole'
        : own?.fileLevel.length
          ? 'above'
          : [...(own?.lines.keys() ?? [])][0]
    expect(found).toBe(where)
  })
})

it('threads are met from the top down', () => {
  const [whole, above, first, second] = [
    thread({}),
    thread({ path: 'new.py' }),
    onLine('old', 2, 'b1'),
    onLine('new', 2, 'b2'),
  ]
  const found = orderThreads(placeThreads([second, first, above, whole], [file]), [file])
  expect(found).toEqual([whole, above, first, second])
})

it.each([
  ['draft', thread({}, { comments: [comment(true)] })],
  ['open', thread({}, { comments: [comment(false), comment(true)] })],
  ['resolved', thread({ outdated: true }, { resolvedAt: 'then' })],
  ['outdated', thread({ outdated: true })],
])('a thread is %s', (state, one) => expect(threadState(one)).toBe(state))

it('drafts are counted in threads of others too', () => {
  expect(countDrafts([thread({}, { comments: [comment(false), comment(true)] }), thread({})])).toBe(
    1,
  )
})
