// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { AddMachineDialog } from './AddMachineDialog'

vi.mock('../../realtime/stream', () => ({ onStreamUpdate: () => () => {} }))

async function addMachine(installLine: string, role = 'admin') {
  const token = { id: 7, token: 'mst_enroll_x', installLine, expiresAt: '2030-01-31T12:00:00.000Z' }
  serve({
    'GET /api/web/profile': () => Response.json({ id: 1, name: 'ada', role }),
    'POST /api/admin/worker-tokens': () => Response.json(token, { status: 201 }),
    'GET /api/admin/worker-tokens/7/status': () => Response.json({ status: 'unused' }),
  })
  const { user } = await renderInPage(<AddMachineDialog onClose={() => {}} />)
  await user.click(screen.getByRole('button', { name: 'Create token' }))
  await screen.findByText(installLine)
}

const LINK = { name: 'Set the public URL' }

it('warns that a loopback address works on no other machine, and links to the setting', async () => {
  await addMachine('curl -fsSL http://127.0.0.1:9000/install/worker.sh | sh -s -- mst_enroll_x')
  expect(screen.getByText(/works only on the server itself/)).toBeDefined()
  const link = await screen.findByRole('link', LINK)
  expect(link.getAttribute('href')).toBe('/admin/settings?q=publicUrl')
})

it('links to no setting for those who cannot change it', async () => {
  await addMachine('curl -fsSL http://localhost:9000/install/worker.sh | sh', 'lead')
  expect(screen.getByText(/works only on the server itself/)).toBeDefined()
  await waitFor(() => expect(screen.queryByRole('link', LINK)).toBeNull())
})

it('does not warn of an address that other machines can reach', async () => {
  await addMachine('curl -fsSL https://muster.example/install/worker.sh | sh -s -- mst_enroll_x')
  expect(screen.queryByText(/works only on the server itself/)).toBeNull()
})
