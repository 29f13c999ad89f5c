// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Row } from '../../lib/task/tableRows'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { problem, serve } from '../../testing/server'
import { BulkActionBar } from './BulkActionBar'

const onClear = vi.fn()
const row = (id: number, ...allowedActions: Row['allowedActions']) =>
  ({ id, title: `Task ${id}`, allowedActions }) as Row
const names = () =>
  screen
    .getAllByRole('button')
    .map((one) => one.textContent)
    .filter(Boolean)
const toasts = () => dequeueToasts().map(({ line }) => line)

beforeEach(() => {
  onClear.mockClear()
  dequeueToasts()
})

describe('tasks that are selected', () => {
  it.each<[string, Row[], string[]]>([
    ['all can be cancelled', [row(1, 'cancel'), row(2, 'answer', 'cancel')], ['Cancel 2 tasks']],
    ['all can be retried', [row(1, 'retry')], ['Retry 1 task']],
    ['not all can', [row(1, 'cancel'), row(2, 'retry')], []],
  ])('%s', async (_, rows, expected) => {
    await renderInPage(<BulkActionBar rows={rows} onClear={onClear} />)
    expect(names().filter((name) => name?.match(/^(Cancel|Retry)/))).toEqual(expected)
    expect(screen.queryByRole('button', { name: /curl/ }) !== null).toBe(expected.length > 0)
  })

  it('are cancelled after a question, and cleared', async () => {
    const done = () => Response.json({})
    const asked = serve({
      'POST /api/web/tasks/1/cancel': done,
      'POST /api/web/tasks/2/cancel': done,
    })
    const rows = [row(1, 'cancel'), row(2, 'cancel')]
    const { user } = await renderInPage(<BulkActionBar rows={rows} onClear={onClear} />)
    await user.click(screen.getByRole('button', { name: 'Cancel 2 tasks' }))
    expect(asked).toEqual([])
    const dialog = await screen.findByRole('dialog')
    expect(dialog.textContent).toContain('#1Task 1')
    await user.click(dialog.querySelector('.btn.bad') as HTMLElement)
    await waitFor(() => expect(onClear).toHaveBeenCalledOnce())
    expect(asked).toHaveLength(2)
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('that are refused stay selected, with the reason', async () => {
    serve({ 'POST /api/web/tasks/1/retry': () => problem(409, 'task_not_ended') })
    const { user } = await renderInPage(
      <BulkActionBar rows={[row(1, 'retry')]} onClear={onClear} />,
    )
    await user.click(screen.getByRole('button', { name: 'Retry 1 task' }))
    await waitFor(() => expect(toasts()).toEqual([expect.stringContaining('task_not_ended')]))
    expect(onClear).not.toHaveBeenCalled()
  })
})
