import { describe, expect, it } from 'vitest'
import { countToolUses, type Entry, findAnswer, type Row, transcriptRows } from './transcript'

const start = Date.parse('2030-01-31T12:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()

const entry = (number: number, kind: string, some: Partial<Entry> = {}) =>
  ({
    number,
    at: at(10 * (number + 1)),
    attempt: 1,
    stageIndex: 0,
    run: 0,
    kind,
    title: `${kind} ${number}`,
    text: '',
    data: {},
    logOffset: 0,
    ...some,
  }) as Entry
const tool = (number: number, name: string) => entry(number, 'tool', { data: { tool: name } })
const event = (seconds: number, type: string, stageIndex: number, data: object = {}) =>
  ({ createdAt: at(seconds), type, stageIndex, attempt: 1, data }) as never

const describeRows = (rows: Row[]) =>
  rows.map((row) => {
    if (row.is === 'stage') return `stage ${row.stage}${row.isSilent ? ' silent' : ''}`
    return row.is === 'tools' ? `${row.entries.length} tools` : row.entry.title
  })

describe('the rows of a transcript', () => {
  it('fold tools in a row into one', () => {
    const entries = [tool(0, 'Read'), tool(1, 'Grep'), entry(2, 'message'), tool(3, 'Read')]
    const rows = transcriptRows(entries, [event(0, 'stage_started', 0)], 1)
    expect(describeRows(rows)).toEqual(['stage 0', '2 tools', 'message 2', '1 tools'])
    expect(rows[1]).toMatchObject({ milliseconds: 20_000 })
  })

  it('keep a tool that failed apart, so that it is seen', () => {
    const entries = [tool(0, 'Read'), entry(1, 'tool', { data: { tool: 'Read', failed: true } })]
    expect(describeRows(transcriptRows(entries, [], 1))).toEqual(['stage 0', '1 tools', 'tool 1'])
  })

  it('tell of stages that tell nothing themselves, in their place', () => {
    const events = [
      event(0, 'stage_started', 0),
      event(20, 'stage_finished', 0),
      event(21, 'stage_started', 1),
      event(30, 'stage_finished', 1),
      event(31, 'stage_started', 2),
    ]
    const rows = transcriptRows(
      [entry(0, 'message'), entry(9, 'message', { stageIndex: 2 })],
      events,
      1,
    )
    expect(describeRows(rows)).toEqual([
      'stage 0',
      'message 0',
      'stage 1 silent',
      'stage 2',
      'message 9',
    ])
    expect(rows[0]).toMatchObject({ milliseconds: 20_000 })
    expect(rows[3]).toMatchObject({ milliseconds: null })
  })

  it('keep a stage apart that was begun twice', () => {
    const events = [event(0, 'stage_started', 0), event(50, 'stage_started', 0)]
    const entries = [entry(0, 'message'), entry(6, 'message', { run: 1 })]
    expect(describeRows(transcriptRows(entries, events, 1))).toEqual([
      'stage 0',
      'message 0',
      'stage 0',
      'message 6',
    ])
  })

  it('are of one attempt', () => {
    expect(transcriptRows([], [event(0, 'stage_started', 0)], 2)).toEqual([])
  })

  it.each([
    ['edits', ['edit 1']],
    ['commands', ['command 2', 'denied 4']],
    ['words', ['message 0', 'thought 3', 'question 5', 'error 6']],
  ] as const)('of %s alone have no more, and no stage without any', (kind, titles) => {
    const entries = [
      entry(0, 'message'),
      entry(1, 'edit'),
      entry(2, 'command'),
      entry(3, 'thought'),
      entry(4, 'denied', { data: { command: 'git push' } }),
      entry(5, 'question'),
      entry(6, 'error'),
      tool(7, 'Read'),
    ]
    const events = [event(0, 'stage_started', 0), event(99, 'stage_started', 1)]
    expect(describeRows(transcriptRows(entries, events, 1, kind))).toEqual(['stage 0', ...titles])
  })

  it('are those that hold what is looked for, in any letter case', () => {
    const entries = [entry(0, 'message', { text: 'The Parser' }), entry(1, 'message')]
    expect(describeRows(transcriptRows(entries, [], 1, 'all', 'parser'))).toEqual([
      'stage 0',
      'message 0',
    ])
  })

  it("leave out calls of Muster's own tools, of which an entry tells already", () => {
    expect(transcriptRows([tool(0, 'mcp__muster__ask_human')], [], 1)).toHaveLength(1)
  })

  it('have every call of other tools, whatever their names hold', () => {
    expect(transcriptRows([tool(0, 'mcp__cluster-muster__drop')], [], 1)).toHaveLength(2)
  })
})

it('says what tools were used for, and how often', () => {
  const entries = ['Read', 'Grep', 'Read', 'WebFetch', 'TodoWrite', 'NotebookRead', 'Task'].map(
    (name, number) => tool(number, name),
  )
  expect(countToolUses(entries)).toEqual([
    ['read', 3],
    ['searched', 1],
    ['web', 1],
    ['planned', 1],
    ['other', 1],
  ])
})

it('finds the answer to a question: the first behind it that is none to a budget', () => {
  const asked = entry(4, 'question')
  const events = [
    event(20, 'confirmed', 0, { number: 1, result: 'too early' }),
    event(60, 'confirmed', 0, { number: 2, result: 'continue', budget: null }),
    event(70, 'confirmed', 0, { number: 3, result: 'mine' }),
    event(80, 'confirmed', 0, { number: 4, result: 'another' }),
  ] as { data: { result: string } }[]
  expect(findAnswer(asked, events as never)).toMatchObject({ data: { result: 'mine' } })
})
