// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { strings } from '../../i18n'
import * as en from '../../i18n/en/gettingStarted'
import * as zh from '../../i18n/zh/gettingStarted'
import type { Step } from '../../queries/gettingStarted'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import GettingStarted from './GettingStarted'

vi.mock('../../realtime/stream', () => ({ onStreamUpdate: () => () => {} }))

const EMPTY: Step[] = [
  { step: 'machine', state: 'open', detail: null, reason: null, check: null },
  { step: 'agent', state: 'open', detail: null, reason: 'no_machine', check: null },
  { step: 'project', state: 'open', detail: null, reason: null, check: null },
  { step: 'task', state: 'open', detail: null, reason: 'no_project', check: null },
  { step: 'people', state: 'open', detail: null, reason: null, check: null },
]
const STARTED: Step[] = [
  {
    step: 'machine',
    state: 'done',
    detail: 'heron: no bwrap',
    reason: 'sandbox_not_full',
    check: null,
  },
  {
    step: 'agent',
    state: 'failed',
    detail: 'heron: claude (auth_failure)',
    reason: 'agent_unhealthy',
    check: null,
  },
  { step: 'project', state: 'working', detail: 'APP: claude', reason: 'no_key_known', check: null },
  { step: 'task', state: 'failed', detail: '#7', reason: 'task_failed', check: null },
  { step: 'people', state: 'done', detail: null, reason: null, check: null },
]
const DONE = EMPTY.map((step) => ({ ...step, state: 'done' as const, reason: null }))
const ROUTE = '/api/web/getting-started'

async function show(steps: Step[], role = 'admin', dismissedAt: string | null = null) {
  const asked = serve({
    'GET /api/web/profile': () => Response.json({ id: 1, name: 'ada', role }),
    [`GET ${ROUTE}`]: () => Response.json({ steps, dismissedAt }),
    [`PUT ${ROUTE}`]: () => Response.json({ steps, dismissedAt: '2030-01-31T12:00:00.000Z' }),
  })
  const page = await renderInPage(<GettingStarted hasItems={false} />)
  await vi.waitFor(() => {
    for (const key of ['me', 'getting-started'])
      expect(page.client.getQueryData([key])).toBeDefined()
  })
  return { ...page, asked }
}

const rows = () => screen.getAllByRole('listitem')
const linkIn = (row: HTMLElement | undefined) =>
  row && within(row).queryByRole('link')?.getAttribute('href')

it('an empty server shows each step with its state, and buttons for what can be done now', async () => {
  await show(EMPTY)
  expect(screen.getByRole('region', { name: 'Getting started' })).toBeDefined()
  expect(rows().map(linkIn)).toEqual([
    '/machines?add=%221%22',
    undefined,
    '/projects?add=%221%22',
    undefined,
    '/admin/developers?do=invite',
  ])
  expect(within(rows()[1] as HTMLElement).getByText('Needs a connected machine.')).toBeDefined()
  expect(document.querySelectorAll('.btn.main')).toHaveLength(1)
})

it('a problem is a sentence with one button', async () => {
  await show(STARTED)
  expect(rows().map((row) => row.textContent)).toEqual([
    'MachineDoneheron is connected, without a full sandbox: no bwrap.View machines',
    "AgentProblemAgents on heron can't start: claude (its key or sign-in was rejected).View machines",
    'ProjectIn progressAPP has no key for claude. Set one, unless claude is signed in on the machine.Set a key',
    'TaskProblem#7 failed.Open #7',
    'PeopleDoneOthers have accounts.',
  ])
  expect(linkIn(rows()[2])).toBe('/projects/APP?part=secrets&do=new')
  expect(linkIn(rows()[3])).toBe('/tasks/7')
})

it('a task can be created once there is a project', async () => {
  const steps = EMPTY.map((it) => (it.step === 'task' ? { ...it, reason: null } : it))
  const { user, path } = await show(steps, 'developer')
  await user.click(screen.getByRole('button', { name: 'New task' }))
  await vi.waitFor(() => expect(path()).toContain('new='))
})

it('members read which admins can help, and cannot dismiss it', async () => {
  const steps = EMPTY.map((it) =>
    it.step === 'project' ? { ...it, detail: 'ada, bo', reason: 'ask_admin' as const } : it,
  )
  await show(steps, 'developer')
  expect(
    screen.getByText("You aren't in a project yet. Ask an admin to add you: ada, bo."),
  ).toBeDefined()
  expect(screen.queryByRole('link')).toBeNull()
  expect(screen.queryByRole('button', { name: strings.gettingStarted.dismiss })).toBeNull()
})

it('an admin dismisses it', async () => {
  const { user, asked } = await show(EMPTY)
  await user.click(screen.getByRole('button', { name: 'Dismiss for everyone' }))
  await vi.waitFor(() => expect(screen.queryByRole('region')).toBeNull())
  expect(asked.at(-1)).toEqual({ route: `PUT ${ROUTE}`, body: { dismissed: true } })
})

it.each([
  ['once a task has completed', DONE, null],
  ['once it was dismissed', EMPTY, '2030-01-31T12:00:00.000Z'],
])('nothing is shown %s', async (_, steps, dismissedAt) => {
  await show(steps, 'admin', dismissedAt)
  expect(screen.queryByRole('region')).toBeNull()
})

it('both languages have a sentence for the same reasons', () => {
  const reasons = ({ sentences }: typeof en.gettingStarted) =>
    Object.entries(sentences).flatMap(([step, texts]) =>
      Object.keys(texts).map((reason) => `${step} ${reason}`),
    )
  expect(reasons(zh.gettingStarted)).toEqual(reasons(en.gettingStarted))
})
