// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dequeueToasts } from '../../../state/toasts'
import { renderInPage } from '../../../testing/render'
import { pending, problem, serve } from '../../../testing/server'
import { makeGate, makeTask, type TaskDetail } from '../../../testing/tasks'
import FollowUpDialog from './FollowUpDialog'

const ROUTE = 'POST /api/web/tasks/7/follow-ups'
const empty = () => Response.json({ items: [], total: 0, limit: 200, offset: 0, nextCursor: null })
const READS = {
  'GET /api/web/tasks/7/events': empty,
  'GET /api/web/tasks/7/follow-ups': empty,
}
const onClose = vi.fn()
const posted = (asked: ReturnType<typeof serve>) => asked.filter(({ route }) => route === ROUTE)
const send = () => screen.getByRole<HTMLButtonElement>('button', { name: 'Follow up' })
const field = () => screen.getByRole('textbox', { name: /What to do next/ })

async function open(fields: Partial<TaskDetail>, answer = () => Promise.resolve(empty())) {
  const asked = serve({ ...READS, [ROUTE]: answer })
  const task = makeTask({ status: 'completed', suspendReason: null, ...fields })
  return { asked, ...(await renderInPage(<FollowUpDialog task={task} onClose={onClose} />)) }
}

beforeEach(() => {
  onClose.mockClear()
  dequeueToasts()
})

describe('a follow-up that is written', () => {
  it('is sent once, without white space around it, and closes the dialog', async () => {
    const { answer, resolve } = pending()
    const { asked, user } = await open({}, () => answer)
    expect(send().disabled).toBe(true)
    await user.type(field(), '  Add tests.  ')
    await user.dblClick(send())
    expect(send().disabled).toBe(true)
    resolve(Response.json({ round: 2 }))
    await waitFor(() => expect(onClose).toHaveBeenCalledOnce())
    expect(posted(asked).map(({ body }) => body)).toEqual([
      { instruction: 'Add tests.', fromStage: 0 },
    ])
    expect(dequeueToasts().map(({ line }) => line)).toEqual(['Round 2 started'])
  })

  it('that has to wait says so', async () => {
    const { user } = await open({}, async () => Response.json({ round: null }))
    await user.type(field(), 'Later.')
    await user.click(send())
    await waitFor(() => expect(dequeueToasts()[0]?.line).toBe('Follow-up queued'))
  })

  it.each([
    ['no_checkpoint', 409, 'No checkpoint before that stage. Pick an earlier one.'],
    ['tunnel_open', 409, 'tunnel_open'],
  ])('stays with the reason of a refusal: %s', async (code, status, text) => {
    const { user } = await open({}, async () => problem(status, code))
    await user.type(field(), 'More.')
    await user.click(send())
    expect(await screen.findByText(text)).toBeDefined()
    expect([onClose.mock.calls.length, send().disabled]).toEqual([0, false])
  })

  it.each<[Partial<TaskDetail>, RegExp]>([
    [{ status: 'completed', followUpsQueued: 0 }, /^Starts now as a new round\.$/],
    [{ status: 'failed', followUpsQueued: 1 }, /^1 follow-up has been waiting since the failure/],
    [
      { status: 'suspended', suspendReason: 'gate', gate: makeGate(), followUpsQueued: 0 },
      /withdraws the open/,
    ],
    [{ status: 'running', followUpsQueued: 0 }, /^Starts when the current work is done/],
    [{ status: 'running', followUpsQueued: 2 }, /2 follow-ups are ahead of it\.$/],
  ])('tells when it starts: %o', async (fields, text) => {
    await open(fields)
    expect(screen.getByText(text)).toBeDefined()
  })
})
