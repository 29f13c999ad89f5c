// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { makeTask, type TaskDetail } from '../../testing/tasks'
import { TaskActions } from './TaskActions'

const buttons = () =>
  screen.getAllByRole('button').map((one) => one.textContent || one.getAttribute('aria-label'))

it.each<[TaskDetail['allowedActions'], string[]]>([
  [[], []],
  [['answer', 'review', 'type', 'tunnel'], []],
  [['follow_up'], ['Follow up']],
  [['retry'], ['Retry']],
  [['send_back'], ['Send it back']],
  [
    ['review', 'follow_up', 'cancel'],
    ['Follow up', 'Cancel'],
  ],
])('what is allowed has a button, and nothing else: %j', async (allowedActions, names) => {
  await renderInPage(<TaskActions task={makeTask({ allowedActions })} />)
  expect(buttons().filter((name) => name !== 'More')).toEqual(names)
})

it('a failed check goes back with one click', async () => {
  const asked = serve({
    'POST /api/web/tasks/7/send-back': () => Response.json({ id: 1 }, { status: 201 }),
  })
  const task = makeTask({ id: 7, allowedActions: ['send_back'] })
  const { user } = await renderInPage(<TaskActions task={task} />)
  await user.click(screen.getByRole('button', { name: 'Send it back' }))
  await waitFor(() =>
    expect(asked.map(({ route }) => route)).toContain('POST /api/web/tasks/7/send-back'),
  )
})

it('a button opens the dialog of its action', async () => {
  serve({})
  const { user } = await renderInPage(
    <TaskActions task={makeTask({ allowedActions: ['cancel'] })} />,
  )
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(await screen.findByRole('dialog')).toBeDefined()
})
