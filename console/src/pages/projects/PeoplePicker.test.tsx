// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { GateFields } from './GateFields'

const members = [
  { developerId: 2, name: 'bo', gitEmail: 'bo@localhost', role: 'member' },
  { developerId: 3, name: 'mei', gitEmail: 'mei@localhost', role: 'maintainer' },
  { developerId: 4, name: 'dora', gitEmail: 'dora@localhost', role: 'member', disabled: true },
]
const colleagues = [{ id: 9, name: 'priya', gitEmail: 'priya@localhost', role: 'developer' }]

async function open(answerers?: object) {
  serve({
    'GET /api/web/projects/WEB/members': () => Response.json({ items: members, nextCursor: null }),
    'GET /api/web/projects/-/developers': () =>
      Response.json({ items: colleagues, nextCursor: null }),
  })
  const set = vi.fn()
  const stage = { name: 'ship', command: '{description}', confirm: true, answerers } as never
  const fields = <GateFields projectKey="WEB" stage={stage} set={set} wrong={() => undefined} />
  return { ...(await renderInPage(fields)), set }
}

it('stores the IDs of the members that are chosen', async () => {
  const { user, set } = await open({ who: 'named', developerIds: [2] })
  const mei = await screen.findByRole('checkbox', { name: 'mei' })
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'bo' }).checked).toBe(true)
  expect(screen.queryByRole('checkbox', { name: 'dora' })).toBeNull()
  await user.click(mei)
  expect(set).toHaveBeenLastCalledWith('answerers', { who: 'named', developerIds: [2, 3] })
  await user.click(screen.getByRole('checkbox', { name: 'bo' }))
  expect(set).toHaveBeenLastCalledWith('answerers', { who: 'named', developerIds: [] })
})

it('is offered like the other answerers', async () => {
  const { user, set } = await open()
  expect(screen.queryByRole('checkbox')).toBeNull()
  await user.selectOptions(screen.getByRole('combobox'), 'named')
  expect(set).toHaveBeenCalledWith('answerers', { who: 'named', developerIds: [] })
})

it('keeps people who left the project until they are unchecked', async () => {
  const { user, set } = await open({ who: 'named', developerIds: [9] })
  await waitFor(() => expect(screen.getByText('priya (not a member)')).toBeDefined())
  await user.click(await screen.findByRole('checkbox', { name: 'priya (not a member)' }))
  expect(set).toHaveBeenCalledWith('answerers', { who: 'named', developerIds: [] })
})
