// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import type { Machine } from '../../lib/machine/machines'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import DecommissionDialog from './DecommissionDialog'
import { useMachineActions } from './useMachineActions'

const heron = (fields: Partial<Machine>) =>
  ({ id: 'h', name: 'heron', status: 'offline', uninstalledAt: null, ...fields }) as Machine
const uninstalled = heron({ uninstalledAt: '2030-01-31T12:00:00Z' })

function Names({ machine }: { machine: Machine }) {
  return useMachineActions(machine, () => {}).map(({ name }) => <p key={name}>{name}</p>)
}

it.each([
  ['admin', uninstalled, ['Decommission …']],
  ['lead', uninstalled, []],
  ['lead', heron({}), ['Drain …']],
])('a person who is %s can do this with a machine', async (role, machine, names) => {
  serve({ 'GET /api/web/profile': () => Response.json({ id: 3, name: 'ada', role }) })
  const { client } = await renderInPage(<Names machine={machine} />)
  await waitFor(() => expect(client.getQueryData(['me'])).toBeDefined())
  await waitFor(() => {
    const buttons = screen.queryAllByText(/…$/).map(({ textContent }) => textContent)
    expect(buttons).toEqual(names)
  })
})

it('an uninstalled machine is decommissioned as one that is gone', async () => {
  const asked = serve({ 'DELETE /api/admin/machines/h': () => Response.json({}) })
  const { user } = await renderInPage(
    <DecommissionDialog machine={uninstalled} onClose={() => {}} />,
  )
  await user.click(screen.getByRole('button', { name: 'Decommission heron' }))
  await waitFor(() =>
    expect(asked.map(({ route }) => route)).toContain('DELETE /api/admin/machines/h'),
  )
})
