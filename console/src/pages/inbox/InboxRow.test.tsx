// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { InboxItem } from '../../queries/inbox'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
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

describe('a running task that was denied hosts', () => {
  const denied = { ...item, kind: 'host', refusedHosts: ['a.example', 'b.example:8080'] } as const

  it('lists them, each with a button that allows it', async () => {
    const route = 'POST /api/web/projects/WEB/network/allow'
    const asked = serve({ [route]: () => Response.json({}) })
    const allowing = { ...denied, actions: ['allow_host'] } as unknown as InboxItem
    const shown = <InboxRow item={allowing} isSelected={false} onSelect={() => {}} />
    const { user } = await renderInPage(shown)
    expect(screen.getByText('Network access denied')).toBeDefined()
    await user.click(screen.getByRole('button', { name: 'Allow b.example:8080' }))
    await waitFor(() => expect(asked).toEqual([{ route, body: { host: 'b.example:8080' } }]))
  })

  it('offers nothing to who may not change the project', async () => {
    const shown = denied as unknown as InboxItem
    await renderInPage(<InboxRow item={shown} isSelected={false} onSelect={() => {}} />)
    expect(screen.getByText('a.example')).toBeDefined()
    expect(screen.queryByRole('button')).toBeNull()
  })
})

describe('a question', () => {
  const gateOf = (fields: object) =>
    ({
      ...item,
      kind: 'question',
      gate: { kind: 'question', number: 1, stageIndex: 0, stageName: 'develop', ...fields },
    }) as unknown as InboxItem

  it('shows code in code style, and nothing else as markup', async () => {
    const shown = gateOf({ prompt: 'Keep `id` or <b>drop</b> it?' })
    await renderInPage(<InboxRow item={shown} isSelected={false} onSelect={() => {}} />)
    expect(screen.getByText('id').tagName).toBe('CODE')
    expect(screen.getByText(/<b>drop<\/b> it\?/)).toBeDefined()
  })

  it('of permission shows the command exactly', async () => {
    const permission = { tool: 'Bash', title: 'echo `date`', arguments: '', folder: '/' }
    const shown = gateOf({ kind: 'permission', prompt: 'x', permission })
    await renderInPage(<InboxRow item={shown} isSelected={false} onSelect={() => {}} />)
    expect(screen.getByText('echo `date`').tagName).toBe('P')
  })
})
