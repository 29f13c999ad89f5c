// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { Suspense } from 'react'
import { beforeEach, expect, it, vi } from 'vitest'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { problem, serve } from '../../testing/server'
import { PasswordReminder } from './PasswordReminder'

const CHANGE = 'PUT /api/web/profile/password'
const TITLE = 'Choose your own password'

beforeEach(() => {
  sessionStorage.clear()
  dequeueToasts()
})

async function show(mustChangePassword: boolean, change = () => Response.json({}), id = 1) {
  const me = { id, name: 'ada', role: 'admin', totpEnabled: false, mustChangePassword }
  const asked = serve({
    'GET /api/web/profile': () => Response.json(me),
    [CHANGE]: change,
  })
  const page = await renderInPage(
    <Suspense>
      <PasswordReminder />
    </Suspense>,
  )
  await vi.waitFor(() => expect(page.client.getQueryData(['me'])).toBeDefined())
  return { ...page, asked }
}

async function enter(user: Awaited<ReturnType<typeof show>>['user']) {
  await screen.findByRole('dialog', { name: TITLE })
  await user.type(screen.getByLabelText('Current password'), 'the generated one')
  await user.type(screen.getByLabelText(/^New password/), 'one of my own choice')
  await user.click(screen.getByRole('button', { name: 'Change password' }))
}

it('a generated password is replaced, and a second factor is offered', async () => {
  const { user, asked, path } = await show(true)
  await enter(user)
  await screen.findByRole('dialog', { name: 'Add a second factor?' })
  const { body } = asked.find(({ route }) => route === CHANGE) ?? {}
  expect(body).toEqual({
    currentPassword: 'the generated one',
    newPassword: 'one of my own choice',
  })
  await user.click(screen.getByRole('link', { name: 'Set up a second factor' }))
  await vi.waitFor(() => expect(path()).toBe('/profile'))
  expect(screen.queryByRole('dialog')).toBeNull()
})

it('a refused password shows its reason in the dialog', async () => {
  const errors = { currentPassword: ['wrong'] }
  const { user } = await show(true, () => problem(422, 'validation_failed', { errors }))
  await enter(user)
  await vi.waitFor(() => expect(screen.getByText('wrong')).toBeDefined())
  expect(screen.getByRole('dialog', { name: TITLE })).toBeDefined()
})

it('it can wait until the next session, but not for another user of the tab', async () => {
  const { user, unmount } = await show(true)
  await screen.findByRole('dialog', { name: TITLE })
  await user.click(screen.getByRole('button', { name: 'Later' }))
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  unmount()
  const again = await show(true)
  expect(screen.queryByRole('dialog')).toBeNull()
  again.unmount()
  await show(true, undefined, 2)
  expect(await screen.findByRole('dialog', { name: TITLE })).toBeDefined()
})

it('nobody is asked who chose their own', async () => {
  await show(false)
  expect(screen.queryByRole('dialog')).toBeNull()
})
