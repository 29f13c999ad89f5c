// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import type { InboxItem } from '../../queries/inbox'
import { renderInPage } from '../../testing/render'
import { makeTask } from '../../testing/tasks'
import { InboxRow } from './InboxRow'

const item = {
  id: 'terminal-7-1-0',
  kind: 'terminal',
  since: null,
  defaultAction: 'nothing',
  at: null,
  actions: [],
  task: {
    ...makeTask({ status: 'running', suspendReason: null, description: 'Fix it' }),
    stages: [{ name: 'develop', kind: 'agent' }],
    currentStageIndex: 0,
  },
  gate: null,
  change: null,
  logTail: [],
  refusedHosts: [],
  retryFrom: null,
  machine: null,
} as unknown as InboxItem

it('links an agent that waits in its terminal to the terminal', async () => {
  await renderInPage(<InboxRow item={item} isSelected={false} onSelect={() => {}} />)
  expect(screen.getByText('Waiting in its terminal')).toBeDefined()
  expect(screen.getByText('Fix it')).toBeDefined()
  const link = screen.getByRole('link', { name: 'Open terminal' })
  expect(link.getAttribute('href')).toContain('/tasks/7?view=terminal')
  expect(screen.queryByRole('button')).toBeNull()
})
