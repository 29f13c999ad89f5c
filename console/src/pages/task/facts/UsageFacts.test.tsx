// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Schemas } from '../../../api/client'
import { renderInPage } from '../../../testing/render'
import { serve } from '../../../testing/server'
import { makeTask } from '../../../testing/tasks'
import { BudgetMeters } from './UsageFacts'

type Budget = Schemas['SpentBudget']
const UNUSED = { minutes: null, tokens: null, cost: null }
const own: Budget = {
  of: 'task',
  name: '7',
  month: null,
  budget: { minutes: 60 },
  used: { ...UNUSED, minutes: 12.6 },
  state: 'available',
}
const month: Budget = {
  of: 'project',
  name: 'WEB',
  month: '2030-01',
  budget: { tokens: 1000, cost: 2 },
  used: { ...UNUSED, tokens: 900 },
  state: 'low',
}

function show(budgets: Budget[], status: 'running' | 'suspended' = 'suspended') {
  const task = makeTask({ status, budgets })
  serve({ 'GET /api/web/tasks/7': () => Response.json(task) })
  return renderInPage(<BudgetMeters task={task} />)
}

const meters = () =>
  [...document.querySelectorAll<HTMLElement>('.meter')].map((one) => [
    one.dataset.is,
    one.querySelector('i')?.style.width,
  ])

describe('a budget', () => {
  it('shows each limit beside what is used of it', async () => {
    await show([own, month])
    expect(screen.getByRole('region', { name: 'This task (#7)' }).textContent).toBe(
      'This task (#7)12 min of 60 min',
    )
    expect(screen.getByRole('region', { name: 'WEB this month' }).textContent).toMatch(
      /^WEB this month · almost used up900 tokens of 1.k tokensunknown of \$2.00$/,
    )
    expect(meters()).toEqual([
      ['running', '21%'],
      ['needs', '90%'],
      ['running', '0%'],
    ])
  })

  it('that is used up is full, and says so', async () => {
    await show([{ ...own, state: 'used_up', used: { ...UNUSED, minutes: 90 } }])
    expect(screen.getByText(/used up/)).toBeDefined()
    expect(meters()).toEqual([['failed', '100%']])
  })
})
