// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { renderInPage } from '../../../testing/render'
import { makeTask } from '../../../testing/tasks'
import TerminalTab from './TerminalTab'
import { createXterm } from './xterm'

vi.mock('./xterm', () => ({ createXterm: vi.fn(() => ({ close: vi.fn(), fontSize: vi.fn() })) }))
vi.mock('./fontSize', () => ({ useFontSize: () => [13, vi.fn()], nextSize: () => 13 }))
vi.mock('./useTerminalSession', () => ({
  useTerminalSession: () => ({ session: null, terminal: null }),
}))

it('appears when the first stage starts while it is shown', async () => {
  const page = await renderInPage(<TerminalTab task={makeTask({ attempt: 0 })} />)
  expect(screen.getByText('No stage has started yet. Its terminal appears here.')).toBeDefined()
  expect(createXterm).not.toHaveBeenCalled()
  page.rerender(<TerminalTab task={makeTask({ attempt: 1 })} />)
  await vi.waitFor(() => expect(createXterm).toHaveBeenCalledOnce())
})
