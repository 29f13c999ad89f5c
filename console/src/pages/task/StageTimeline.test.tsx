// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { makeTask, type TaskDetail } from '../../testing/tasks'
import { StageTimeline } from './StageTimeline'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
let id = 0
const event = (type: string, stageIndex: number, seconds: number) => ({
  ...{ id: ++id, type, stageIndex, data: {}, createdAt: ago(seconds) },
})

async function open(fields: Partial<TaskDetail>, items: object[]) {
  serve({
    'GET /api/web/tasks/7/events': () => Response.json({ items, total: items.length }),
  })
  const task = makeTask({
    status: 'running',
    currentStageIndex: 0,
    pipeline: [
      { name: 'build', timeout: 1800 },
      { name: 'ship', timeout: 60 },
    ] as TaskDetail['pipeline'],
    ...fields,
  })
  return renderInPage(<StageTimeline task={task} />)
}

it('the running stage shows its time and its limit', async () => {
  await open({}, [event('stage_started', 0, 75)])
  expect(await screen.findByText(/^1 min( 1\d s)?, limit 30 min$/)).toBeDefined()
  expect(screen.queryByText(/earlier round/)).toBeNull()
})

it('a check that went back shows how often it failed', async () => {
  await open({}, [
    event('stage_started', 1, 90),
    { ...event('stage_finished', 1, 80), data: { backTo: 0, turn: 2, times: 3 } },
    event('stage_started', 0, 75),
  ])
  expect(await screen.findByText('10 s, failed 2 of 3')).toBeDefined()
})

it('earlier rounds are folded, with their stages, times and ends', async () => {
  await open({ round: 2 }, [
    event('stage_started', 0, 500),
    event('failed', 0, 380),
    event('retried', 0, 100),
    event('stage_started', 0, 60),
  ])
  const fold = (await screen.findByText('1 earlier round')).closest('details')
  expect(fold?.open).toBe(false)
  await waitFor(() => expect(fold?.textContent).toContain('Round 1Failedbuild 2 min'))
})
