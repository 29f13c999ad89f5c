// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import type { Schemas } from '../../../api/client'
import { renderInPage } from '../../../testing/render'
import { serve } from '../../../testing/server'
import { makeTask } from '../../../testing/tasks'
import { StatusSentence } from './StatusSentence'

vi.mock('../../../realtime/stream', () => ({ onStreamUpdate: () => () => {} }))

const makeBlock = (fields: Partial<Schemas['Block']>): Schemas['Block'] => ({
  machineId: fields.machineName ?? 'm',
  machineName: 'heron',
  reason: 'offline',
  detail: null,
  measure: null,
  required: null,
  actual: null,
  since: null,
  until: null,
  ...fields,
})
const MEASURE = { kind: 'cpu_percent', value: 93, limit: 85, setting: 'maxLoadPercent' } as const
const BLOCKED = [
  makeBlock({ machineName: 'local-1', reason: 'overloaded', measure: MEASURE }),
  makeBlock({ machineName: 'plain', reason: 'label_mismatch', required: 'gpu', actual: null }),
]

async function openList(blockedBy: Schemas['Block'][], role: 'admin' | 'developer') {
  serve({ 'GET /api/web/profile': () => Response.json({ id: 3, role }) })
  const task = makeTask({ status: 'queued', queue: { position: 1, blockedBy } })
  const { user } = await renderInPage(<StatusSentence task={task} text="local-1 is busy" />)
  await user.click(screen.getByRole('button', { name: 'local-1 is busy', expanded: false }))
  return screen.findByRole('region', { name: "Machines that can't run this task" })
}

it('the sentence opens the machines, each with its rule and its numbers', async () => {
  const list = await openList(BLOCKED, 'admin')
  const [busy, plain] = within(list).getAllByRole('listitem')
  expect(busy?.textContent).toBe('local-1OverloadedCPU at 93%limit 85%')
  expect(plain?.textContent).toBe("plainLabels don't matchrequired: gpu")
})

it('the numbers lead to what decides them', async () => {
  const list = await openList(BLOCKED, 'admin')
  const load = within(list).getByRole('link', { name: 'CPU at 93%' })
  expect(load.getAttribute('href')).toBe('/machines/local-1')
  const limit = await within(list).findByRole('link', { name: 'limit 85%' })
  expect(limit.getAttribute('href')).toBe('/admin/settings?q=maxLoadPercent')
})

it('only admins get a link to the setting', async () => {
  const list = await openList(BLOCKED, 'developer')
  expect(within(list).queryByRole('link', { name: 'limit 85%' })).toBeNull()
  expect(within(list).getByText('limit 85%')).toBeDefined()
})

it('a task that no machine is kept from has only a sentence', async () => {
  serve({})
  await renderInPage(
    <StatusSentence task={makeTask({ queue: null, relocation: null })} text="It runs" />,
  )
  expect(screen.queryByRole('button')).toBeNull()
})
