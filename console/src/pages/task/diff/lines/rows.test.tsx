// @vitest-environment jsdom
import { render, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { makeTask } from '../../../../testing/tasks'
import type { Line } from '../model/rows'
import { type ReviewContext, ReviewProvider } from '../review/reviewContext'
import { SplitRow } from './SplitRow'
import { UnifiedRow } from './UnifiedRow'

const review: ReviewContext = {
  task: makeTask(),
  base: 'b',
  commit: 'c',
  layout: 'unified',
  isLatest: true,
  canReview: true,
  me: 3,
}
const same: Line = { type: 'context', oldLine: 4, newLine: 5, text: 'kept', noNewline: false }
const added: Line = { type: 'added', oldLine: null, newLine: 6, text: 'new one', noNewline: false }
const deleted: Line = {
  type: 'deleted',
  oldLine: 5,
  newLine: null,
  text: 'old one',
  noNewline: false,
}

function show(row: React.ReactNode, about: Partial<ReviewContext> = {}): HTMLTableRowElement {
  render(
    <ReviewProvider value={{ ...review, ...about }}>
      <table>
        <tbody>{row}</tbody>
      </table>
    </ReviewProvider>,
  )
  return screen.getByRole('row')
}

const cells = (row: HTMLTableRowElement) => [...row.cells].map(({ textContent }) => textContent)
const unified = (line: Line, other?: string, isNarrow = false) => (
  <UnifiedRow line={line} colours={new Map()} other={other} isNarrow={isNarrow} />
)

describe('a line of a diff in one column', () => {
  it.each([
    ['that stays', same, ['4', '5', 'kept'], '', 'Comment on line 5'],
    ['that was added', added, ['', '6', 'new one'], 'a', 'Comment on line 6'],
    ['that was deleted', deleted, ['5', '', 'old one'], 'd', 'Comment on old line 5'],
  ])('%s has its numbers, and a button to comment on it', (_, line, texts, look, label) => {
    const row = show(unified(line))
    expect([cells(row), row.className]).toEqual([texts, look])
    expect(screen.getByRole('button').getAttribute('aria-label')).toBe(label)
  })

  it('has one number where there is little room', () => {
    expect(cells(show(unified(same, undefined, true)))).toEqual(['5', 'kept'])
  })

  it('has no button for those who cannot comment', () => {
    const row = show(unified(added), { canReview: false })
    expect(screen.queryByRole('button')).toBeNull()
    expect(cells(row)).toEqual(['', '6', 'new one'])
  })

  it('marks what differs from the line that it was', () => {
    const row = show(unified(added, 'old one'))
    expect([...row.querySelectorAll('b')].map(({ textContent }) => textContent)).toEqual(['new'])
  })

  it('says so where the file ends without an end of the line', () => {
    const row = show(unified({ ...added, noNewline: true }))
    expect(row.cells[2]?.textContent).toMatch(/^new one.*newline/i)
  })
})

describe('a line of a diff in two columns', () => {
  const split = (old: Line | null, fresh: Line | null) => (
    <SplitRow
      row={{ kind: 'pair', key: 'k', old, new: fresh }}
      colours={new Map()}
      others={new Map()}
    />
  )

  it('has both sides, each with a button of its own', () => {
    expect(cells(show(split(deleted, added)))).toEqual(['5', 'old one', '6', 'new one'])
    const labels = screen.getAllByRole('button').map((one) => one.getAttribute('aria-label'))
    expect(labels).toEqual(['Comment on old line 5', 'Comment on line 6'])
  })

  it('has nothing beside a line that is on one side only', () => {
    const row = show(split(null, added))
    expect(cells(row)).toEqual(['', '6', 'new one'])
    expect(row.cells[0]?.colSpan).toBe(2)
  })
})
