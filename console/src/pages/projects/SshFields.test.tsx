// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import NewProjectDialog from './NewProjectDialog'

const CHECKS = '/api/admin/projects/-/checks'
const LINE = 'git.example ssh-ed25519 AAAA'
const unknown = {
  step: 'repository',
  state: 'failed',
  code: 'host_key_unknown',
  message: "The machine heron doesn't know the host key of git.example.",
  field: 'knownHosts',
  params: {},
  details: null,
}

async function open() {
  const asked = serve({
    'POST /api/admin/projects/-/deploy-key': () =>
      Response.json({ id: 'k1', publicKey: 'ssh-ed25519 BBBB muster' }, { status: 201 }),
    [`POST ${CHECKS}`]: () => Response.json({ id: 'c1' }, { status: 202 }),
    [`GET ${CHECKS}/c1`]: () =>
      Response.json({
        state: 'failed',
        machine: 'heron',
        steps: [unknown],
        hostKeys: [{ type: 'ssh-ed25519', fingerprint: 'SHA256:cccc', line: LINE }],
      }),
    'GET /api/web/agents': () => Response.json({ items: [], nextCursor: null }),
  })
  const page = await renderInPage(<NewProjectDialog onMade={() => {}} onClose={() => {}} />)
  const bodies = () =>
    asked.filter(({ route }) => route === `POST ${CHECKS}`).map((one) => one.body)
  return { ...page, bodies }
}

it('an SSH URL gets a key and the keys of its host, without a try in between', async () => {
  const { user, bodies } = await open()
  expect(screen.getByLabelText('Git token')).toBeDefined()
  await user.type(screen.getByLabelText('Repository'), 'git@git.example:a/b.git')
  expect(screen.queryByLabelText('Git token')).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Generate a deploy key' }))
  expect(await screen.findByText('ssh-ed25519 BBBB muster')).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'Check' }))
  await user.click(await screen.findByRole('button', { name: 'Accept these host keys' }))
  expect(screen.getByText('ssh-ed25519 SHA256:cccc')).toBeDefined()
  await waitFor(() => expect(bodies()).toHaveLength(2))
  expect(bodies()[1]).toMatchObject({ deployKeyId: 'k1', knownHosts: `${LINE}\n` })
})
