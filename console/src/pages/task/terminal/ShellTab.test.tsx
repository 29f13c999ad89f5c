// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { renderInPage } from '../../../testing/render'
import { makeTask } from '../../../testing/tasks'
import ShellTab from './ShellTab'
import { createXterm } from './xterm'

vi.mock('./xterm', () => ({ createXterm: vi.fn(() => ({ close: vi.fn(), fontSize: vi.fn() })) }))
vi.mock('./fontSize', () => ({ useFontSize: () => [13, vi.fn()], nextSize: () => 13 }))
vi.mock('./useTerminalSession', () => ({
  useTerminalSession: () => ({ session: null, shown: null }),
}))

it('opens no shell that the task does not allow, and says when one can open', async () => {
  await renderInPage(<ShellTab task={makeTask({ allowedActions: ['type'] })} />)
  expect(screen.getByText('No shell can open now')).toBeDefined()
  expect(createXterm).not.toHaveBeenCalled()
})

it('stays in sight after its stage, without a field for messages', async () => {
  const page = await renderInPage(<ShellTab task={makeTask({ allowedActions: ['shell'] })} />)
  await vi.waitFor(() => expect(createXterm).toHaveBeenCalledOnce())
  page.rerender(<ShellTab task={makeTask({ allowedActions: [] })} />)
  expect(screen.getByRole('region', { name: 'Shell' })).toBeDefined()
  expect(screen.queryByRole('textbox')).toBeNull()
})
