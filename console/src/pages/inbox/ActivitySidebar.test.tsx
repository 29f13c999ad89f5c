// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { makeTask } from '../../testing/tasks'
import { ActivitySidebar } from './ActivitySidebar'

const stats = {
  tasks: { queued: 0, assigned: 0, running: 0, suspended: 1, completedToday: 0, failedToday: 0 },
  slots: { used: 1, total: 3 },
  queue: { oldestSeconds: null },
  usage: { today: { inputTokens: null, outputTokens: null, cost: null, isEstimate: false } },
}
const show = (items: object[], counts: object = {}) => {
  serve({
    'GET /api/web/dashboard/stats': () =>
      Response.json({ ...stats, tasks: { ...stats.tasks, ...counts } }),
    'GET /api/web/tasks': () => Response.json({ items, nextCursor: null }),
  })
  return renderInPage(<ActivitySidebar />)
}

it('counts slots apart from tasks: a question keeps one while nothing runs', async () => {
  await show([])
  expect(await screen.findByText('No tasks running.')).toBeDefined()
  expect(screen.getByRole('heading', { name: 'Running' })).toBeDefined()
  expect((await screen.findByText('Slots in use')).nextSibling?.textContent).toBe('1 of 3')
})

it('lists a task that its machine prepares', async () => {
  const fields = { status: 'assigned', suspendReason: null, description: 'Fix it' } as const
  await show([{ ...makeTask(fields), stages: [], currentStageIndex: 0 }], { assigned: 2 })
  expect(await screen.findByRole('link', { name: 'Fix it' })).toBeDefined()
  expect(screen.getByRole('img', { name: 'Assigned' })).toBeDefined()
  expect(await screen.findByRole('link', { name: '1 more' })).toBeDefined()
})
