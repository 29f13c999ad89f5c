// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { commentKey, unsavedComments } from '../../../../lib/diff/unsavedComments'
import { unsavedInputFor } from '../../../../lib/form/unsavedInput'
import { dequeueToasts } from '../../../../state/toasts'
import { renderInPage } from '../../../../testing/render'
import { pending, problem, serve } from '../../../../testing/server'
import { makeGate, makeTask } from '../../../../testing/tasks'
import { ReviewForm } from './ReviewForm'
import { ReviewProvider } from './reviewContext'

const ROUTE = 'POST /api/web/tasks/7/reviews'
const task = makeTask()
const submit = () => screen.getByRole<HTMLButtonElement>('button', { name: /Submit/ })
const pick = (name: RegExp) => screen.getByRole<HTMLInputElement>('radio', { name })
const toasts = () => dequeueToasts().map(({ line }) => line)

type FormState = { gate?: ReturnType<typeof makeGate> | null; drafts?: number; isLatest?: boolean }

function show({ gate = makeGate(), drafts = 0, isLatest = true }: FormState = {}) {
  const about = {
    task,
    base: 'b',
    commit: 'c',
    layout: 'unified',
    isLatest,
    canReview: true,
    me: 3,
  }
  return renderInPage(
    <ReviewProvider value={about as never}>
      <ReviewForm task={task} gate={gate} drafts={drafts} />
    </ReviewProvider>,
  )
}

beforeEach(() => void dequeueToasts())

describe('a review', () => {
  it.each<[string, FormState, boolean]>([
    ['without a gate is a comment', { gate: null }, true],
    ['of what is outdated is a comment', { gate: null, isLatest: false }, true],
    ['with drafts needs no text', { gate: null, drafts: 2 }, false],
  ])('%s, unless one says otherwise', async (_, about, isOff) => {
    await show(about)
    expect(pick(/^Comment/).checked).toBe(true)
    expect(submit().disabled).toBe(isOff)
    expect(pick(/^Approve/).disabled).toBe(about.isLatest === false)
    expect(screen.queryByRole('radio', { name: /^Reject/ })).toBeNull()
  })

  it('of an open gate has no answer before one is chosen', async () => {
    serve({})
    const { user } = await show({ drafts: 2 })
    const answers = screen.getAllByRole<HTMLInputElement>('radio')
    expect(answers.map(({ checked }) => checked)).toEqual([false, false, false, false])
    expect(submit().disabled).toBe(true)
    expect(screen.getByText('Choose an answer first.')).toBeDefined()
    await user.click(pick(/^Approve/))
    expect(submit().disabled).toBe(false)
  })

  it('that rejects ends the task, but asks first', async () => {
    const ANSWER = 'POST /api/web/tasks/7/confirm-stage'
    const asked = serve({ [ANSWER]: () => Response.json({}) })
    const { user } = await show()
    await user.type(screen.getByRole('textbox'), 'No.')
    await user.click(pick(/^Reject and end the task/))
    await user.click(submit())
    const dialog = await screen.findByRole('dialog', { name: 'Reject #7 and end the task?' })
    expect(asked.filter(({ route }) => route === ANSWER)).toEqual([])
    await user.click(within(dialog).getByRole('button', { name: 'Reject and end the task' }))
    await waitFor(() =>
      expect(asked.filter(({ route }) => route === ANSWER).map(({ body }) => body)).toEqual([
        { round: 1, stageIndex: 1, number: 0, result: 'reject', comment: 'No.' },
      ]),
    )
  })

  it.each([
    ['Submit review', [{ threadId: 3, body: 'Typed.' }]],
    ['Discard and approve', undefined],
  ])('asks about comments that are only typed: %s', async (name, comments) => {
    const asked = serve({
      [ROUTE]: () => Response.json({ answered: true, followUp: null }, { status: 201 }),
    })
    unsavedInputFor(commentKey(7, { threadId: 3 })).save('Typed.')
    const { user } = await show()
    await user.click(pick(/^Approve/))
    await user.click(submit())
    const title = 'You have 1 draft comment that nobody will see'
    const dialog = await screen.findByRole('dialog', { name: title })
    expect(asked.filter(({ route }) => route === ROUTE)).toEqual([])
    await user.click(within(dialog).getByRole('button', { name }))
    await waitFor(() => expect(toasts()).toEqual(['Approved. The next stage starts.']))
    const [sent] = asked.filter(({ route }) => route === ROUTE)
    expect((sent?.body as { comments?: unknown } | undefined)?.comments).toEqual(comments)
    expect(unsavedComments(7)).toEqual([])
  })

  it('is sent once, about its gate, and its field is empty then', async () => {
    const { answer, resolve } = pending()
    const asked = serve({ [ROUTE]: () => answer })
    const { user } = await show()
    await user.click(pick(/^Approve/))
    await user.type(screen.getByRole('textbox'), 'Fine.{Control>}{Enter}{/Control}')
    expect(submit().disabled).toBe(true)
    resolve(Response.json({ answered: true, followUp: null }, { status: 201 }))
    await waitFor(() => expect(toasts()).toEqual(['Approved. The next stage starts.']))
    expect(asked.filter(({ route }) => route === ROUTE).map(({ body }) => body)).toEqual([
      { verdict: 'approve', body: 'Fine.', commit: 'c', stageIndex: 1, number: 0 },
    ])
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('')
  })

  it.each([
    ['already_answered', { answeredBy: { id: 9, name: 'mei' } }, /^mei answered this gate first/],
    ['no_open_gate', {}, /^Someone else answered this gate first/],
    ['head_changed', {}, /^The work has changed/],
    ['tunnel_open', {}, /^tunnel_open$/],
  ])('that is refused keeps its text: %s', async (code, more, line) => {
    serve({ [ROUTE]: () => problem(409, code, more) })
    const { user } = await show()
    await user.click(pick(/^Approve/))
    await user.type(screen.getByRole('textbox'), 'Fine.')
    await user.click(submit())
    await waitFor(() => expect(toasts()).toEqual([expect.stringMatching(line)]))
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('Fine.')
    expect(submit().disabled).toBe(false)
  })
})
