// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { renderInPage } from '../../../testing/render'
import { problem, serve } from '../../../testing/server'
import { InviteDialog } from './InviteDialog'

const INVITE = 'POST /api/admin/invitations'
const PROJECTS = 'GET /api/web/projects'
const project = (key: string, archivedAt: string | null = null) => ({ key, name: key, archivedAt })

async function open(answer = () => Response.json({ link: 'https://muster.example/invitation#x' })) {
  const items = [project('WEB'), project('API'), project('OLD', '2030-01-31T12:00:00.000Z')]
  const asked = serve({
    [INVITE]: answer,
    [PROJECTS]: () => Response.json({ items, nextCursor: null }),
  })
  const onMade = vi.fn()
  const page = await renderInPage(<InviteDialog onMade={onMade} onClose={() => {}} />)
  const add = await screen.findByRole('button', { name: 'Add a project' })
  const invited = () => asked.filter(({ route }) => route === INVITE).map(({ body }) => body)
  return { ...page, add, onMade, invited }
}

it('invites with a server role and a role in each project', async () => {
  const { user, add, onMade, invited } = await open()
  await user.click(screen.getByRole('radio', { name: /^lead/ }))
  await user.click(add)
  await user.click(add)
  await user.selectOptions(screen.getByLabelText('Role in API'), 'maintainer')
  await user.click(screen.getByRole('button', { name: 'Create link' }))
  await waitFor(() => expect(onMade).toHaveBeenCalled())
  expect(invited()).toEqual([
    {
      role: 'lead',
      email: null,
      note: '',
      projects: [
        { key: 'WEB', role: 'member' },
        { key: 'API', role: 'maintainer' },
      ],
    },
  ])
})

it('offers each project once, and none that is archived', async () => {
  const { user, add } = await open()
  await user.click(add)
  const options = () => [...screen.getByLabelText<HTMLSelectElement>('Project').options]
  expect(options().map(({ value }) => value)).toEqual(['WEB', 'API'])
  await user.click(add)
  expect(screen.queryByRole('button', { name: 'Add a project' })).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Remove WEB' }))
  expect(screen.getAllByLabelText('Project')).toHaveLength(1)
})

it('explains both kinds of roles, and shows what is wrong with a project', async () => {
  const errors = { 'projects.0.key': ['Unknown project.'] }
  const { user, add } = await open(() => problem(422, 'validation_failed', { errors }))
  expect(screen.getByText('System roles')).toBeDefined()
  expect(screen.getByText('Project roles')).toBeDefined()
  await user.click(add)
  await user.click(screen.getByRole('button', { name: 'Create link' }))
  expect(await screen.findByText(/Unknown project/)).toBeDefined()
})
