// @vitest-environment jsdom
import { act, screen } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import { renderInPage } from '../../testing/render'
import { makeGate, makeTask, type PendingGate } from '../../testing/tasks'
import { GateBox } from './GateBox'

const task = makeTask()
const show = (gate: PendingGate, canAnswer = true) =>
  renderInPage(<GateBox task={task} gate={gate} canAnswer={canAnswer} />)
const buttons = () => screen.getAllByRole('button').map(({ textContent }) => textContent)

const branch = {
  name: 'muster/7',
  commit: 'c'.repeat(40),
  expected: null,
  found: 'f'.repeat(40),
  why: '',
  by: 'bo',
  subject: 'Mine',
}
const spent = {
  of: 'project' as const,
  name: 'WEB',
  month: '2030-01',
  budget: { tokens: 500 },
  used: { minutes: null, tokens: 512, cost: null },
  state: 'used_up' as const,
}

describe('a question', () => {
  it.each<[string, Partial<PendingGate>, string, string, string[]]>([
    [
      'before a stage',
      {},
      'Before ship',
      'Ship it?',
      ['Approve1', 'Reject and end the task', 'Add comment'],
    ],
    [
      'without a prompt',
      { prompt: '' },
      'Before ship',
      'Start ship?',
      ['Approve1', 'Reject and end the task'],
    ],
    [
      'with choices',
      { kind: 'choose', choices: ['red', 'green'] },
      'Before ship',
      'Ship it?',
      ['red1', 'green2'],
    ],
    ['for words', { kind: 'input' }, 'Before ship', 'Ship it?', ['Answer']],
    [
      'of an agent',
      { kind: 'question', number: 1, choices: ['a', 'b'] },
      'Claude asks',
      'Ship it?',
      ['a1', 'b2'],
    ],
    [
      'about a budget',
      { kind: 'budget', number: 1, budgets: [spent] },
      'Budget used up',
      'Raise the budget?',
      ['Continue1', 'Stop task'],
    ],
    [
      'about a branch',
      { kind: 'branch', number: 1, branch, choices: ['overwrite', 'keep'] },
      'The branch was changed outside Muster',
      'Ship it?',
      ['Overwrite it', 'Keep it'],
    ],
    [
      'about a checkpoint',
      { kind: 'checkpoint', number: 1, choices: ['end'] },
      'The work was changed outside Muster',
      'Ship it?',
      ['End task'],
    ],
  ])('%s has its title, its text and its answers', async (_, fields, title, text, answers) => {
    await show(makeGate(fields))
    expect(screen.getByRole('region', { name: title })).toBeDefined()
    expect(await screen.findByText(text)).toBeDefined()
    answers.forEach((answer, place) => {
      expect(buttons()[place]).toContain(answer)
    })
  })

  it('has no buttons for those who can only read it', async () => {
    await show(makeGate(), false)
    expect(screen.queryAllByRole('button')).toEqual([])
    expect(screen.getByText('Anyone in WEB can answer', { exact: false })).toBeDefined()
  })

  it('shows what it is about', async () => {
    const { rerender } = await show(makeGate({ kind: 'budget', budgets: [spent] }))
    expect(screen.getByText('WEB this month').nextSibling?.textContent).toBe(
      '512 tokens of 500 tokens',
    )
    await rerender(<GateBox task={task} gate={makeGate({ kind: 'branch', branch })} canAnswer />)
    expect(screen.getByText('Found').nextSibling?.textContent).toBe('fffffff Mine (bo)')
    const diff = { filesChanged: 3, insertions: 10, deletions: 2, href: '/api/web/tasks/7/diff' }
    await rerender(<GateBox task={task} gate={makeGate({ diff })} canAnswer />)
    expect(screen.getByText('3 files')).toBeDefined()
    expect(screen.getByRole('link').getAttribute('href')).toBe('/tasks/7?view=diff')
  })

  it('grows older while you look at it', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    try {
      await show(makeGate({ requestedAt: new Date(Date.now() - 4_000).toISOString() }))
      expect(screen.getByText(/^Asked/).textContent).toContain('Asked 4 s ago')
      act(() => vi.advanceTimersByTime(3_000))
      expect(screen.getByText(/^Asked/).textContent).toContain('Asked 7 s ago')
    } finally {
      vi.useRealTimers()
    }
  })

  it.each<[Partial<PendingGate>, RegExp]>([
    [{}, /^Asked 2 min ago. No deadline.$/],
    [{ expiresAt: new Date().toISOString() }, /^Asked 2 min ago. If no one .* the task fails.$/],
    [
      { kind: 'question', expiresAt: new Date().toISOString() },
      /^Asked 2 min ago. If no one answers by .*, Claude decides.$/,
    ],
  ])('says what happens without an answer: %o', async (fields, expected) => {
    await show(makeGate(fields))
    expect(screen.getByText(/^Asked/).textContent).toMatch(expected)
  })
})

describe('a folded question', () => {
  const fold = (fields: Partial<PendingGate> = {}) =>
    renderInPage(<GateBox task={task} gate={makeGate(fields)} canAnswer isFolded />)
  const box = () => screen.getByRole('region', { name: 'Before ship' })
  const opener = () =>
    screen.getByRole('button', {
      name: /^(Show the whole question|Answer|Close)$/,
      expanded: false,
    })

  it('is a line, which opens over the page and closes by Escape', async () => {
    const { user } = await fold()
    expect(box().dataset.form).toBe('line')
    await user.click(opener())
    expect(box().dataset.form).toBe('open')
    await user.keyboard('{Escape}')
    expect(box().dataset.form).toBe('line')
    expect(document.activeElement).toBe(opener())
  })

  it('opens for the text of an answer, by key too', async () => {
    const gate = makeGate({
      diff: { filesChanged: 1, insertions: 1, deletions: 0, href: '/api/web/tasks/7/diff' },
    })
    const reviewer = makeTask({ allowedActions: ['answer', 'review'] })
    const { user } = await renderInPage(<GateBox task={reviewer} gate={gate} canAnswer isFolded />)
    await user.keyboard('2')
    expect(box().dataset.form).toBe('open')
    expect(document.activeElement).toBe(screen.getByRole('textbox'))
  })

  it('keeps what was written, and stays open while you write', async () => {
    const { user, rerender } = await show(makeGate())
    await user.click(screen.getByRole('button', { name: 'Add comment' }))
    await user.type(screen.getByRole('textbox'), 'Not on a Friday.')
    await rerender(<GateBox task={task} gate={makeGate()} canAnswer isFolded />)
    expect(box().dataset.form).toBe('open')
    await rerender(<GateBox task={task} gate={makeGate()} canAnswer />)
    expect(box().dataset.form).toBeUndefined()
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('Not on a Friday.')
  })

  it('offers to answer where that takes more than a yes or no', async () => {
    await fold({ kind: 'choose', choices: ['red'] })
    expect(opener().textContent).toBe('Answer')
  })
})
