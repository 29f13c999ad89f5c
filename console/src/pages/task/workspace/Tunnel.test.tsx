// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import type { Schemas } from '../../../api/client'
import { renderInPage } from '../../../testing/render'
import { problem, serve } from '../../../testing/server'
import { makeTask, type TaskDetail } from '../../../testing/tasks'
import { Tunnel } from './Tunnel'

const URL = '/api/web/workspace-tunnel/7'
const open: Partial<Schemas['Tunnel']> = { state: 'connected', url: 'https://vscode.dev/x' }

async function show(tunnel: Partial<Schemas['Tunnel']>, fields: Partial<TaskDetail>) {
  const status = { taskId: 7, url: null, error: null, expiresAt: null, restarts: 0, ...tunnel }
  const asked = serve({
    [`GET ${URL}/status`]: () => Response.json(status),
    [`POST ${URL}/start`]: () => problem(409, 'network_closed'),
    [`POST ${URL}/stop`]: () => Response.json({ ...status, state: 'closing' }),
  })
  const page = await renderInPage(<Tunnel task={makeTask({ status: 'running', ...fields })} />)
  await screen.findByRole('heading', { name: /Tunnel/ })
  return { ...page, asked }
}

const buttons = () => screen.queryAllByRole('button').map(({ textContent }) => textContent)
const notLive = () => screen.queryByText(/needs an active workspace/) !== null

it.each<[string, Partial<Schemas['Tunnel']>, Partial<TaskDetail>, string, boolean]>([
  [
    'closed, for those who can open it',
    { state: 'idle' },
    { allowedActions: ['tunnel'] },
    'Open tunnel',
    false,
  ],
  ['closed, for others', { state: 'idle' }, { allowedActions: ['review'] }, '', false],
  ['open, for others', open, { allowedActions: [] }, '', false],
  [
    'of a task that has ended',
    { state: 'closed' },
    { status: 'completed', allowedActions: [] },
    '',
    true,
  ],
])('a tunnel %s', async (_, tunnel, fields, button, isNotLive) => {
  await show(tunnel, fields)
  expect(buttons().join()).toBe(button)
  expect(notLive()).toBe(isNotLive)
})

it('that is open leads there, and is closed by a press', async () => {
  const { user, asked } = await show(open, { allowedActions: ['tunnel'] })
  expect(screen.getByRole('link', { name: 'Open in new tab' }).getAttribute('href')).toBe(open.url)
  await user.click(screen.getByRole('button', { name: 'Close tunnel' }))
  await waitFor(() => expect(asked.map(({ route }) => route)).toContain(`POST ${URL}/stop`))
})

it('that could not be opened says why', async () => {
  const { user, asked } = await show({ state: 'idle' }, { allowedActions: ['tunnel'] })
  await user.selectOptions(screen.getByRole('combobox'), '8 hours')
  await user.click(screen.getByRole('button', { name: 'Open tunnel' }))
  expect((await screen.findByRole('alert')).textContent).toBe('network_closed')
  const start = asked.find(({ route }) => route === `POST ${URL}/start`)
  expect(start?.body).toEqual({ ttlSeconds: 8 * 3600 })
})
