// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
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
  it.each<[string, FormState, string, boolean]>([
    ['of an open gate approves it', {}, 'Approve', false],
    ['without a gate is a comment', { gate: null }, 'Comment', true],
    ['of what is outdated is a comment', { isLatest: false }, 'Comment', true],
    ['with drafts needs no text', { gate: null, drafts: 2 }, 'Comment', false],
  ])('%s, unless one says otherwise', async (_, about, verdict, isOff) => {
    await show(about)
    expect(pick(new RegExp(`^${verdict}`)).checked).toBe(true)
    expect(submit().disabled).toBe(isOff)
    expect(pick(/^Approve/).disabled).toBe(about.isLatest === false)
  })

  it('is sent once, about its gate, and its field is empty then', async () => {
    const { answer, resolve } = pending()
    const asked = serve({ [ROUTE]: () => answer })
    const { user } = await show()
    await user.type(screen.getByRole('textbox'), 'Fine.{Control>}{Enter}{/Control}')
    expect(submit().disabled).toBe(true)
    resolve(Response.json({ answered: true, followUp: null }, { status: 201 }))
    await waitFor(() => expect(toasts()).toEqual(['Approved. The gate is confirmed.']))
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
    await user.type(screen.getByRole('textbox'), 'Fine.')
    await user.click(submit())
    await waitFor(() => expect(toasts()).toEqual([expect.stringMatching(line)]))
    expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('Fine.')
    expect(submit().disabled).toBe(false)
  })
})
