// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { clearUnsavedInput } from '../../../lib/form/unsavedInput'
import { dequeueToasts } from '../../../state/toasts'
import { renderInPage } from '../../../testing/render'
import { pending, problem, serve } from '../../../testing/server'
import { makeMessage, makeTask, type TaskDetail } from '../../../testing/tasks'
import { MessagePanel } from './MessagePanel'

const ROUTE = 'POST /api/web/tasks/7/messages'
const STOP = 'POST /api/web/tasks/7/interrupt'
const page = (items: unknown[]) => () => Response.json({ items, total: items.length, limit: 200 })
type Answers = Parameters<typeof serve>[0]

async function open(
  fields: Partial<TaskDetail> = {},
  answers: Answers = {},
  messages: unknown[] = [],
) {
  const asked = serve({
    'GET /api/web/tasks/7/messages': page(messages),
    'GET /api/web/tasks/7/follow-ups': page([]),
    ...answers,
  })
  const task = makeTask({
    status: 'running',
    allowedActions: ['message', 'interrupt', 'follow_up'],
    ...fields,
  })
  const opened = await renderInPage(<MessagePanel task={task} />)
  const bodies = (route: string) =>
    asked.filter((one) => one.route === route).map(({ body }) => body)
  return { ...opened, bodies, task }
}

const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message to Claude' })
const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name })
const names = () => screen.queryAllByRole('button').map((one) => one.textContent)
const created = async () => Response.json(makeMessage(), { status: 201 })

beforeEach(() => {
  clearUnsavedInput()
  dequeueToasts()
})

it('leaves the space to a gate while no agent works', async () => {
  await open({
    gate: { kind: 'confirm' } as TaskDetail['gate'],
    messages: { state: 'next_stage', reason: null },
  })
  expect(screen.queryByRole('textbox')).toBeNull()
})

describe('the field', () => {
  it('sends with Enter, once, without white space around it; Shift+Enter starts a line', async () => {
    const { answer, resolve } = pending()
    const { user, bodies } = await open({}, { [ROUTE]: () => answer })
    await user.type(field(), ' Use{Shift>}{Enter}{/Shift}UTC. {Enter}{Enter}')
    expect(button('Send').disabled).toBe(true)
    resolve(await created())
    await waitFor(() => expect(field().value).toBe(''))
    expect(bodies(ROUTE)).toEqual([{ text: 'Use\nUTC.', when: 'next' }])
  })

  it('stops the step first if you press that button', async () => {
    const { user, bodies } = await open({}, { [ROUTE]: created })
    expect([button('Send').disabled, names()]).toEqual([true, ['Stop', 'Send']])
    await user.type(field(), 'Use UTC.')
    await user.click(button('Stop and send'))
    expect(bodies(ROUTE)).toEqual([{ text: 'Use UTC.', when: 'now' }])
  })

  it('keeps the text of an unsent message, also in another view', async () => {
    const first = await open()
    await first.user.type(field(), 'Later.')
    first.unmount()
    await open()
    expect(field().value).toBe('Later.')
  })

  it('keeps what was typed while a message was sent', async () => {
    const { answer, resolve } = pending()
    const { user } = await open({}, { [ROUTE]: () => answer })
    await user.type(field(), 'One.{Enter}Two.')
    resolve(await created())
    await waitFor(() => expect(button('Send').disabled).toBe(false))
    expect(field().value).toBe('One.Two.')
  })

  it.each([
    ['too_many_messages', /^Too many messages are waiting/, false],
    ['task_ended', /has ended in the meantime/, true],
    ['no_messages', /reads no messages now/, true],
  ])('stays with the reason of a refusal: %s', async (code, text, offersFollowUp) => {
    const { user, path } = await open({}, { [ROUTE]: async () => problem(409, code) })
    await user.type(field(), 'Use UTC.{Enter}')
    expect((await screen.findByRole('alert')).textContent).toMatch(text)
    expect([field().value, names().includes('Follow up')]).toEqual(['Use UTC.', offersFollowUp])
    if (!offersFollowUp) return
    await user.click(button('Follow up'))
    await waitFor(() => expect(path()).toContain('do=followUp'))
  })

  it.each<[Partial<TaskDetail>, string[]]>([
    [{ allowedActions: ['message'] }, ['Send']],
    [{ allowedActions: ['message', 'interrupt'] }, ['Stop', 'Send']],
    [{ messages: { state: 'next_stage', reason: null }, allowedActions: ['message'] }, ['Send']],
  ])('has the buttons that are allowed: %j', async (fields, buttons) => {
    await open(fields)
    expect(names()).toEqual(buttons)
  })
})

it.each<[TaskDetail['messages']['reason'], RegExp]>([
  ['not_supported', /^Claude can't read messages while it works\./],
  ['terminal', /reads what you type in its terminal/],
  ['no_stage_left', /^No agent is left in this round/],
])('without an agent that reads, the reason replaces the field: %s', async (reason, text) => {
  const { user, path } = await open({
    messages: { state: 'none', reason },
    allowedActions: ['follow_up'],
  })
  expect(screen.queryByRole('textbox')).toBeNull()
  expect(screen.getByText(text)).toBeDefined()
  await user.click(button('Follow up'))
  await waitFor(() => expect(path()).toContain('do=followUp'))
})

it('nobody is offered what they may not do', async () => {
  await open({ allowedActions: [] })
  expect([screen.queryByRole('textbox'), names()]).toEqual([null, []])
  expect(screen.getByText(/you can't send messages/)).toBeDefined()
})

it('a finished task without messages has no panel', async () => {
  await open({ status: 'completed', finishedAt: '2030-01-31T12:00:00Z' })
  expect(screen.queryByRole('region')).toBeNull()
})

describe('an interrupt', () => {
  const interrupt = (state: string) =>
    ({ state, by: 'Mei', since: '2030-01-31T12:00:00Z' }) as TaskDetail['interrupt']

  it('is one press, and tells what comes next', async () => {
    const { user, bodies } = await open(
      {},
      { [STOP]: async () => Response.json({}, { status: 202 }) },
    )
    await user.click(button('Stop Claude'))
    await waitFor(() =>
      expect(dequeueToasts()[0]?.line).toBe('Stopping Claude. It then asks you what to do.'),
    )
    expect(bodies(STOP)).toEqual([{ stopStage: false }])
  })

  it('under way is shown with who did it, and not offered again', async () => {
    await open({ interrupt: interrupt('requested') })
    expect(screen.getByRole('status').textContent).toBe('Mei is stopping Claude.')
    expect(button('Stop Claude').disabled).toBe(true)
  })

  it('that the agent ignores offers to stop the stage', async () => {
    const { user, bodies } = await open(
      { interrupt: interrupt('ignored') },
      { [STOP]: async () => Response.json({}, { status: 202 }) },
    )
    await user.click(button('Stop the stage'))
    await waitFor(() => expect(bodies(STOP)).toEqual([{ stopStage: true }]))
  })
})

describe('the list', () => {
  const list = async () => within((await screen.findAllByRole('list'))[0] as HTMLElement)

  it('withdraws a message that has not gone out, and no other', async () => {
    const messages = [
      makeMessage({ number: 1, stageIndex: 0, text: 'Sent.' }),
      makeMessage({ number: 2, text: 'Not yet.' }),
    ]
    const withdrawal = 'DELETE /api/web/tasks/7/messages/42'
    const { user, bodies } = await open(
      {},
      { [withdrawal]: async () => Response.json({}) },
      messages,
    )
    await list()
    await user.click(button('Withdraw'))
    await waitFor(() => expect(bodies(withdrawal)).toHaveLength(1))
  })

  it('offers to send again what was perhaps not read', async () => {
    const messages = [makeMessage({ state: 'unconfirmed', text: 'Use UTC.' })]
    const { user, bodies } = await open({}, { [ROUTE]: created }, messages)
    expect((await list()).getByText('perhaps not read')).toBeDefined()
    await user.click(button('Send again'))
    expect(bodies(ROUTE)).toEqual([{ text: 'Use UTC.', when: 'next' }])
  })

  it('offers a follow-up with the text of a returned message', async () => {
    const messages = [makeMessage({ state: 'returned', text: 'Add tests.' })]
    const { user, path } = await open(
      {
        status: 'completed',
        finishedAt: '2030-01-31T12:00:00Z',
        allowedActions: ['follow_up'],
        messages: { state: 'none', reason: 'task_ended' },
      },
      {},
      messages,
    )
    await list()
    await user.click(button('As follow-up'))
    await waitFor(() => expect(path()).toContain('do=followUp'))
  })

  it('folds what is settled', async () => {
    await open({}, {}, [
      makeMessage({ state: 'delivered' }),
      makeMessage({ number: 2, state: 'withdrawn' }),
    ])
    expect(await screen.findByText('2 earlier messages')).toBeDefined()
    expect(screen.getAllByText('Use UTC.')).toHaveLength(2)
    expect(names()).not.toContain('Withdraw')
  })
})
