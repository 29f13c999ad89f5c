// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { pending, problem, serve } from '../../testing/server'
import { makeGate } from '../../testing/tasks'
import { Answers } from './Answers'

const ROUTE = 'POST /api/web/tasks/7/confirm-stage'
const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name })
const toasts = () => dequeueToasts().map(({ line }) => line)
const ofGate = { round: 1, stageIndex: 1, number: 0 }

beforeEach(() => void dequeueToasts())

describe('answers that are pressed', () => {
  it('are off from the press on, and one press is one answer', async () => {
    const { answer, resolve } = pending()
    const asked = serve({ [ROUTE]: () => answer })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.dblClick(button(/Confirm/))
    expect(button(/Confirm/).disabled && button(/Reject/).disabled).toBe(true)
    resolve(Response.json({}))
    await waitFor(() => expect(asked).toHaveLength(1))
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, result: 'confirm', comment: null }),
    )
    expect(button(/Confirm/).disabled).toBe(true)
  })

  it('take a comment along', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={makeGate()} hasKeys />)
    await user.click(button('Add comment'))
    await user.type(screen.getByRole('textbox'), ' Not on a Friday. ')
    await user.click(button(/Reject/))
    await waitFor(() =>
      expect(asked[0]?.body).toMatchObject({ result: 'reject', comment: 'Not on a Friday.' }),
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
    await user.click(button(/Confirm/))
    await waitFor(() => expect(toasts()).toEqual([line]))
    expect(button(/Confirm/).disabled).toBe(false)
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

  it('ends the task', async () => {
    const asked = serve({ [ROUTE]: () => Response.json({}) })
    const { user } = await renderInPage(<Answers taskId={7} gate={gate} hasKeys />)
    await user.click(button(/Stop task/))
    await waitFor(() => expect(asked[0]?.body).toEqual({ ...ofGate, number: 1, result: 'stop' }))
  })
})
