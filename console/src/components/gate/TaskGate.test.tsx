// @vitest-environment jsdom
import { act, screen } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import type { Schemas } from '../../api/client'
import type { TaskListener } from '../../realtime/taskStream'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { makeGate, makeTask } from '../../testing/tasks'
import { TaskGate } from './TaskGate'

const stream = vi.hoisted(() => ({ listener: {} as TaskListener }))
vi.mock('../../realtime/taskStream', () => ({
  useTaskStream: (_: number, listener: TaskListener) => {
    stream.listener = listener
  },
}))

const scrolled = vi.hoisted(() => ({ height: null as number | null }))
vi.mock('../hooks/useScrolledPast', () => ({
  useScrolledPast: () => [{ current: null }, scrolled.height],
}))

const PROFILE = { 'GET /api/web/profile': () => Response.json({ id: 3, name: 'ada' }) }
const asking = { gate: makeGate() }

beforeEach(() => {
  dequeueToasts()
  scrolled.height = null
})

it.each([
  ['with answers for those who can give one', ['answer'] as const, 1],
  ['without them for others', ['review'] as const, 0],
])('an open question is shown %s', async (_, allowedActions, count) => {
  serve(PROFILE)
  await renderInPage(
    <TaskGate task={makeTask({ ...asking, allowedActions: [...allowedActions] })} />,
  )
  expect(await screen.findByRole('region', { name: 'Before ship' })).toBeDefined()
  expect(screen.queryAllByRole('button', { name: /Approve/ })).toHaveLength(count)
})

it('is answered in one place: beside the diff, only there', async () => {
  serve(PROFILE)
  await renderInPage(<TaskGate task={makeTask(asking)} isAnsweredBeside />)
  expect(await screen.findByRole('region', { name: 'Before ship' })).toBeDefined()
  expect(screen.queryAllByRole('button')).toEqual([])
  const link = screen.getByRole('link', { name: 'Answer in your review' })
  expect(link.getAttribute('href')).toBe('#review')
})

it.each([
  ['for those who can answer', ['answer'] as const, false, 'line'],
  ['but not for others', ['review'] as const, false, undefined],
  ['nor where your review answers it', ['answer'] as const, true, 'beside'],
])('folds out of sight in its place, %s', async (_, actions, isAnsweredBeside, form) => {
  serve(PROFILE)
  scrolled.height = 190
  const task = makeTask({ ...asking, allowedActions: [...actions] })
  await renderInPage(<TaskGate task={task} isAnsweredBeside={isAnsweredBeside} />)
  const box = await screen.findByRole('region', { name: 'Before ship' })
  expect(box.dataset.form).toBe(form)
  expect(box.parentElement?.style.height).toBe(form === 'line' ? '190px' : '')
})

it('goes as soon as the task has been answered', async () => {
  serve(PROFILE)
  const { rerender } = await renderInPage(<TaskGate task={makeTask(asking)} />)
  await screen.findByRole('region')
  await rerender(<TaskGate task={makeTask({ status: 'assigned', suspendReason: null })} />)
  expect(screen.queryByRole('region')).toBeNull()
})

it.each([
  ['names others who answer', 9, ['mei answered: confirm']],
  ['says nothing of your own answer', 3, []],
])('%s', async (_, id, lines) => {
  serve(PROFILE)
  const { client } = await renderInPage(<TaskGate task={makeTask(asking)} />)
  await vi.waitFor(() => expect(client.getQueryData(['me'])).toBeDefined())
  const data = { result: 'confirm', answeredBy: { id, name: 'mei' } }
  const events = [
    { type: 'confirmed', data },
    { type: 'resumed', data: {} },
  ] as Schemas['Event'][]
  act(() => stream.listener.events?.(events))
  expect(dequeueToasts().map(({ line }) => line)).toEqual(lines)
})
