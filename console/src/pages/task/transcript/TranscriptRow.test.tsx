// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Schemas } from '../../../api/client'
import type { Row } from '../../../lib/task/transcript'
import { addTextPart } from '../../../queries/liveText'
import { renderInPage } from '../../../testing/render'
import { makeEntry, makeTask, type TaskDetail } from '../../../testing/tasks'
import { TranscriptRow } from './TranscriptRow'

type Entry = Schemas['TranscriptEntry']
type Show = { milliseconds?: number | null; events?: object[]; task?: Partial<TaskDetail> }

function show(row: Row, { events = [], task }: Show = {}) {
  return renderInPage(
    <TranscriptRow
      task={makeTask({ status: 'running', suspendReason: null, ...task })}
      row={row}
      events={events as Schemas['Event'][]}
      attempt={2}
    />,
  )
}

function showEntry(fields: Partial<Entry>, { milliseconds = null, ...more }: Show = {}) {
  return show({ is: 'entry', key: 'e1', entry: makeEntry(fields), milliseconds }, more)
}

const text = () => document.body.textContent
const badges = () => [...document.querySelectorAll('.badge')].map(({ textContent }) => textContent)
const toggle = (name: string) => screen.getByRole('button', { name })

describe('an entry of a transcript', () => {
  it('leads to its place in the log', async () => {
    await showEntry({ text: 'Hello.' })
    const link = screen.getByRole('link', { name: 'log 1,234' })
    expect(link.getAttribute('href')).toBe('/tasks/7?view=log&attempt=%222%22&offset=%221234%22')
  })

  it.each<[string, Partial<Entry>, string]>([
    ['a message', { text: 'I **read** it.' }, 'I read it.'],
    ['a thought', { kind: 'thought', text: 'Hm.' }, 'Hm.'],
    ['an error', { kind: 'error', text: 'No key.' }, 'Something went wrongNo key.'],
    ['progress', { text: 'Half.', data: { progress: true } }, 'ProgressHalf.'],
    [
      "a person's message",
      { text: 'Use UTC.', data: { author: 'Mei', number: 1 } },
      'Mei, to the agentUse UTC.',
    ],
    ['what is cut', { text: 'Long', data: { cut: true } }, 'LongSee the log for the rest'],
    [
      'usage',
      { kind: 'usage', data: { turns: 2, usage: [{ model: 'opus', inputTokens: 1200 }] } },
      'opus · 1,200 tokens in · 2 turns',
    ],
    [
      'what was not allowed',
      { kind: 'denied', text: 'Needs the network', data: { command: 'curl x' } },
      'Not allowed: curl xNeeds the network. Claude was notified.',
    ],
  ])('shows %s', async (_, fields, expected) => {
    await showEntry(fields)
    expect(text()).toContain(expected)
  })
})

describe('a command', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['that went well', { command: 'make', exitCode: 0 }, 'exit 0', 'completed'],
    ['that failed', { command: 'make', exitCode: 2 }, 'exit 2', 'failed'],
    ['that failed without a code', { command: 'make', failed: true }, 'failed', 'failed'],
    ['that never ended', { command: 'make', unfinished: true }, 'no result', 'failed'],
    ['of which no more is known', { command: 'make' }, 'done', 'completed'],
  ])('%s shows its end', async (_, data, end, look) => {
    await showEntry({ kind: 'command', data }, { milliseconds: 61_000 })
    expect([badges(), text()]).toEqual([[end], expect.stringMatching(/\$ make.*1 min 1 s/)])
    expect(document.querySelector<HTMLElement>('.badge')?.dataset.is).toBe(look)
  })

  it('shows the first lines of its output, and all of them on a press', async () => {
    const output = ['one', 'two', 'three', 'four', 'five'].join('\n')
    const data = { command: 'make', exitCode: 0 }
    const { user } = await showEntry({ kind: 'command', data, text: output })
    expect(text()).toContain('three\n… 2 more lines')
    await user.click(toggle('Show all'))
    expect(text()).toContain(output)
    await user.click(toggle('Show less'))
    expect(text()).not.toContain('five')
  })
})

describe('an edit', () => {
  const diff = (lines: number) =>
    ['@@ -1,0 +1 @@', ...Array.from({ length: lines }, (_, n) => `+line ${n}`)].join('\n')
  const data = { files: [{ path: 'src/a.ts', change: 'add' }] }

  it('that is short shows its lines', async () => {
    await showEntry({ kind: 'edit', data, text: diff(2) })
    expect([badges(), screen.getAllByRole('row').length]).toEqual([['new'], 2])
    expect(text()).toMatch(/src\/a\.ts.*\+2/)
    expect(screen.queryByRole('button')).toBeNull()
  })

  it('that is long shows them on a press', async () => {
    const { user } = await showEntry({ kind: 'edit', data, text: diff(17) })
    expect(screen.queryAllByRole('row')).toEqual([])
    await user.click(toggle('Show'))
    expect(screen.getAllByRole('row')).toHaveLength(17)
    await user.click(toggle('Hide'))
    expect(screen.queryAllByRole('row')).toEqual([])
  })

  it('that failed shows why', async () => {
    await showEntry({ kind: 'edit', data: { ...data, failed: true }, text: 'No such file' })
    expect([badges(), text()]).toEqual([['new', 'failed'], expect.stringContaining('No such file')])
  })
})

describe('tools', () => {
  const tool = (number: number, name: string) =>
    makeEntry({ number, kind: 'tool', title: `${name} x`, data: { tool: name }, text: 'found' })

  it('in a row are one line, and each of them on a press', async () => {
    const entries = [tool(1, 'Read'), tool(2, 'Read'), tool(3, 'Grep')]
    const { user } = await show({ is: 'tools', key: 't', entries, milliseconds: 2000 })
    expect(text()).toMatch(/Read 2 files, searched once.*2 s/)
    expect(screen.queryAllByRole('listitem')).toEqual([])
    await user.click(toggle('Show'))
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
      'Read xfound',
      'Read xfound',
      'Grep xfound',
    ])
  })

  it('that failed say so', async () => {
    await showEntry({ kind: 'tool', title: 'Read x', data: { tool: 'Read', failed: true } })
    expect(badges()).toEqual(['failed'])
  })
})

describe('a running command', () => {
  it('shows the last lines that it has printed, and what it uses', async () => {
    const startedAt = new Date().toISOString()
    const action = { number: 5, kind: 'command', state: 'running' } as const
    const { client } = await showEntry({ ...action, title: 'make', startedAt })
    const output = { attempt: 1, entry: 5, kind: 'output', offset: 0 } as const
    const lines = Array.from({ length: 20 }, (_, line) => `ok ${line}\n`).join('')
    addTextPart(client, 7, { ...output, text: lines })
    addTextPart(client, 7, { ...output, text: 'of another', entry: 6 })
    addTextPart(client, 7, { ...output, kind: 'cpu', text: '0.75' })
    const shown = (await screen.findByText(/ok 19/)).textContent?.split('\n')
    expect([shown?.length, shown?.[0], shown?.at(-1)]).toEqual([12, 'ok 8', 'ok 19'])
    expect(badges()[0]).toMatch(/^running, .*, 0\.8 CPU$/)
  })
})

describe('a question', () => {
  const entry = {
    kind: 'question' as const,
    attempt: 1,
    text: 'Which?',
    data: { choices: ['a', 'b'] },
  }
  const answer = {
    type: 'confirmed',
    attempt: 1,
    createdAt: '2030-01-31T12:01:00.000Z',
    data: { number: 1, result: 'a', answeredBy: { id: 9, name: 'mei' } },
  }

  it('that is open leads to its answers', async () => {
    await showEntry(entry, { task: { status: 'suspended', suspendReason: 'question', attempt: 1 } })
    expect(text()).toContain('Claude asks')
    expect(screen.getByRole('link', { name: 'Answer' }).getAttribute('href')).toBe('#question')
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['a', 'b'])
  })

  it('that was answered shows who answered, and what', async () => {
    await showEntry(entry, { events: [answer] })
    expect(text()).toMatch(/Claude asked.*Which\?.*mei answered a/)
    expect(screen.queryAllByRole('listitem')).toEqual([])
  })

  it('that nobody answered shows what could have been', async () => {
    await showEntry(entry)
    expect(text()).toContain('Claude asked')
    expect(screen.queryByRole('link', { name: 'Answer' })).toBeNull()
  })
})

it.each([
  ['under way', null, false, 'build'],
  ['that has ended', 61_000, false, 'build1 min 1 s'],
  ['without entries', 61_000, true, 'build1 min 1 sno entries: see the log for its output'],
])('a stage %s is a heading', async (_, milliseconds, isSilent, expected) => {
  await show({ is: 'stage', key: 's', stage: 0, milliseconds, isSilent })
  expect(screen.getByRole('heading', { name: 'build' }).parentElement?.textContent).toBe(expected)
})
