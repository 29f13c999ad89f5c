// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { commentKey, unsavedComments } from '../../lib/diff/unsavedComments'
import { clearUnsavedInput, unsavedInputFor } from '../../lib/form/unsavedInput'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { pending, problem, serve } from '../../testing/server'
import { makeGate } from '../../testing/tasks'
import { Answers } from './Answers'

const ROUTE = 'POST /api/web/tasks/7/confirm-stage'
const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name })
const toasts = () => dequeueToasts().map(({ line }) => line)
const inDialog = async (name: string, label: string) =>
  within(await screen.findByRole('dialog', { name })).getByRole('button', { name: label })
const ofGate = { round: 1, stageIndex: 1, number: 0 }

beforeEach(() => void dequeueToasts())

describe('answers that are pressed', () => {
  it('are off from the press on, and one press is one answer', async () => {
    const { answer, resolve } = pending()
    const asked = serve({ [ROUTE]: () => answer })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.dblClick(button(/Approve/))
    expect(button(/Approve/).disabled && button(/Reject/).disabled).toBe(true)
    resolve(Response.json({}))
    await waitFor(() => expect(asked).toHaveLength(1))
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, result: 'confirm', comment: null }),
    )
    expect(button(/Approve/).disabled).toBe(true)
  })

  it('take a comment along', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.click(button('Add comment'))
    await user.type(screen.getByRole('textbox'), ' Not on a Friday. ')
    await user.click(button(/Approve/))
    await waitFor(() =>
      expect(asked[0]?.body).toMatchObject({ result: 'confirm', comment: 'Not on a Friday.' }),
    )
  })

  it('are pressed by key, but not while somebody writes', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const gate = makeGate({ kind: 'choose', choices: ['red', 'green'] })
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    await user.click(button('Add comment'))
    await user.keyboard('2')
    expect(asked).toEqual([])
    await user.click(document.body)
    await user.keyboard('2')
    await waitFor(() => expect(asked[0]?.body).toMatchObject({ result: 'green', comment: '2' }))
  })

  it('have no keys and no comment in a list', async () => {
    const asked = serve({})
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} />)
    await user.keyboard('1')
    expect(screen.queryByRole('button', { name: 'Add comment' })).toBeNull()
    expect(asked).toEqual([])
  })
})

describe('an answer that ends the task', () => {
  it('asks first, with its effect, and takes a comment along', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.click(button('Reject and end the task'))
    const dialog = await screen.findByRole('dialog', { name: 'Reject #7 and end the task?' })
    expect(within(dialog).getByText(/The task ends as cancelled/)).toBeDefined()
    expect(asked).toEqual([])
    await user.type(within(dialog).getByRole('textbox'), 'Not on a Friday.')
    await user.click(within(dialog).getByRole('button', { name: 'Reject and end the task' }))
    await waitFor(() =>
      expect(asked[0]?.body).toMatchObject({ result: 'reject', comment: 'Not on a Friday.' }),
    )
  })

  it('can be taken back before', async () => {
    const asked = serve({})
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.click(button('Reject and end the task'))
    await user.click(await inDialog('Reject #7 and end the task?', 'Keep it waiting'))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(asked).toEqual([])
  })

  const ending = { number: 1, choices: ['end'] }
  it.each([
    ['at a gate', makeGate(), true],
    ['at a gate without work', makeGate(), false],
    ['of a budget', makeGate({ kind: 'budget', number: 1, budgets: [] }), false],
    ['of a checkpoint', makeGate({ kind: 'checkpoint', ...ending }), false],
  ])('has no key %s', async (_, gate, canRequestChanges) => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(
      <Answers taskId={7} gate={gate} canRequestChanges={canRequestChanges} hasKeys />,
    )
    const endings = screen.getAllByRole('button', { name: /Reject|Stop|End/ })
    for (const each of endings) expect(each.getAttribute('aria-keyshortcuts')).toBeNull()
    for (const key of '23456789') await user.keyboard(key)
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(asked).toEqual([])
  })
})

describe('an approval while comments of yours are unseen', () => {
  const COMMENTS = 'GET /api/web/tasks/7/comments'
  const REVIEW = 'POST /api/web/tasks/7/reviews'
  const threads = (...drafts: boolean[]) => ({
    [COMMENTS]: () =>
      Response.json({ items: [{ comments: drafts.map((draft, id) => ({ id, draft })) }] }),
  })
  const approve = async (answers: Parameters<typeof serve>[0]) => {
    const asked = serve(answers)
    const { user } = await renderInPage(
      <Answers taskId={7} gate={makeGate()} canRequestChanges hasKeys />,
    )
    await user.click(button(/Approve/))
    const sent = () => asked.filter(({ route }) => !route.startsWith('GET'))
    return { user, sent }
  }
  const TITLE = 'You have 2 draft comments that nobody will see'

  beforeEach(() => {
    clearUnsavedInput()
    unsavedInputFor(commentKey(7, { threadId: 3 })).save('Typed.')
  })

  it('goes ahead if there are none', async () => {
    clearUnsavedInput()
    const { sent } = await approve({ ...threads(false), [ROUTE]: () => Response.json({}) })
    await waitFor(() => expect(sent().map(({ route }) => route)).toEqual([ROUTE]))
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('asks first, and can be cancelled', async () => {
    const { user, sent } = await approve(threads(true, false))
    await user.click(await inDialog(TITLE, 'Cancel'))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(sent()).toEqual([])
    expect(button(/Approve/).disabled).toBe(false)
  })

  it('publishes them, those that are only typed too', async () => {
    const { user, sent } = await approve({
      ...threads(true, false),
      [REVIEW]: () => Response.json({ answered: true, followUp: null }, { status: 201 }),
    })
    await user.click(await inDialog(TITLE, 'Submit review'))
    await waitFor(() => expect(toasts()).toEqual(['Approved. The next stage starts.']))
    const comments = [{ threadId: 3, body: 'Typed.' }]
    expect(sent().map(({ body }) => body)).toEqual([
      { verdict: 'approve', body: '', comments, stageIndex: 1, number: 0 },
    ])
    expect(unsavedComments(7)).toEqual([])
  })

  it('deletes them once it counts', async () => {
    const DELETE = 'DELETE /api/web/tasks/7/comments/0'
    const { user, sent } = await approve({
      ...threads(true, false),
      [ROUTE]: () => Response.json({}),
      [DELETE]: () => Response.json({}),
    })
    await user.click(await inDialog(TITLE, 'Discard and approve'))
    await waitFor(() => expect(sent().map(({ route }) => route)).toEqual([ROUTE, DELETE]))
    expect(unsavedComments(7)).toEqual([])
  })

  it('keeps them if someone answered first', async () => {
    const late = () => problem(409, 'already_answered', { answeredBy: { id: 9, name: 'mei' } })
    const { user, sent } = await approve({ ...threads(true, false), [ROUTE]: late })
    await user.click(await inDialog(TITLE, 'Discard and approve'))
    await waitFor(() => expect(toasts()).toEqual(['mei answered first.']))
    expect(sent().map(({ route }) => route)).toEqual([ROUTE])
    expect(unsavedComments(7)).toHaveLength(1)
  })
})

describe('a request for changes', () => {
  const REVIEW = 'POST /api/web/tasks/7/reviews'
  const show = () =>
    renderInPage(<Answers taskId={7} gate={makeGate()} canRequestChanges hasKeys />)

  it.each([
    [{ id: 1 }, 'Changes requested. A new round starts.'],
    [null, "No round started: there's no work to continue from."],
  ])('starts a round with its text (%o)', async (followUp, line) => {
    const asked = serve({ [REVIEW]: () => Response.json({ followUp }, { status: 201 }) })
    const { user } = await show()
    await user.click(button(/^Request changes/))
    const [, send] = screen.getAllByRole<HTMLButtonElement>('button', { name: /^Request changes/ })
    expect(send?.disabled).toBe(true)
    await user.type(screen.getByRole('textbox'), ' Smaller steps. ')
    await user.click(send as HTMLElement)
    await waitFor(() => expect(toasts()).toEqual([line]))
    expect(asked.map(({ body }) => body)).toContainEqual({
      verdict: 'request_changes',
      body: 'Smaller steps.',
      stageIndex: 1,
      number: 0,
    })
  })

  it('is not offered where there is nothing to change', async () => {
    serve({})
    await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    expect(screen.queryByRole('button', { name: /Request changes/ })).toBeNull()
  })
})

describe('an answer that is not taken', () => {
  const answeredBy = { id: 9, name: 'mei' }
  it.each([
    [
      'names who was faster',
      problem(409, 'already_answered', { answeredBy }),
      'mei answered first.',
    ],
    ['says that the question is closed', problem(409, 'wrong_round'), 'This question is closed.'],
    ['says what went wrong', problem(409, 'tunnel_open'), 'tunnel_open'],
  ])('%s, and may be given again', async (_, response, line) => {
    serve({ [ROUTE]: () => response })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.click(button(/Approve/))
    await waitFor(() => expect(toasts()).toEqual([line]))
    expect(button(/Approve/).disabled).toBe(false)
  })
})

describe('an answer in words', () => {
  const gate = makeGate({ kind: 'input' })

  it('is sent by Enter, with the lines that Shift and Enter made', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    await user.type(screen.getByRole('textbox'), 'one{Shift>}{Enter}{/Shift}two{Enter}')
    await waitFor(() => expect(asked[0]?.body).toEqual({ ...ofGate, result: 'one\ntwo' }))
  })

  it('is none while it is blank', async () => {
    const asked = serve({})
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    expect(button('Answer').disabled).toBe(true)
    await user.type(screen.getByRole('textbox'), '   {Enter}')
    expect(button('Answer').disabled).toBe(true)
    expect(asked).toEqual([])
  })
})

describe('an answer about a budget', () => {
  const budgets = [
    {
      of: 'task' as const,
      name: '7',
      month: null,
      budget: { tokens: 500, cost: 2 },
      used: { minutes: 1, tokens: 500, cost: 1 },
      state: 'used_up' as const,
    },
  ]
  const gate = makeGate({ kind: 'budget', number: 1, choices: ['continue', 'stop'], budgets })

  it.each([
    ['the same amount again', [], null],
    ['the amounts that were written', [['Tokens', '90']], { tokens: 90 }],
    ['no amount of nothing', [['Cost', '0']], null],
  ])('grants %s', async (_, written, budget) => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    expect(screen.getAllByRole('spinbutton')).toHaveLength(2)
    for (const [name, text] of written as string[][]) {
      await user.type(screen.getByRole('spinbutton', { name: new RegExp(`${name}`) }), `${text}`)
    }
    await user.click(button(/Continue/))
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, number: 1, result: 'continue', budget }),
    )
  })

  it('ends the task, but asks first', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    await user.click(button(/Stop task/))
    await user.click(await inDialog('Stop #7?', 'Stop task'))
    await waitFor(() => expect(asked[0]?.body).toEqual({ ...ofGate, number: 1, result: 'stop' }))
  })
})
