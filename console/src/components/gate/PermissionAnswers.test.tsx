// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { makeGate, makeTask } from '../../testing/tasks'
import { GateBox } from './GateBox'

const ROUTE = 'POST /api/web/tasks/7/confirm-stage'
const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name })
const PERMISSION = {
  tool: 'Bash',
  title: 'npm test',
  arguments: 'npm test --all',
  folder: '/work',
  diff: null as string | null,
  suggestion: null as string | null,
}
const ofGate = { round: 1, stageIndex: 0, number: 2 }

async function show(fields: Partial<typeof PERMISSION> = {}, actions: string[] = ['answer']) {
  const asked = serve({ [ROUTE]: () => Response.json({}) })
  const choices = ['allow_once', 'allow_for_task', 'deny']
  const gate = makeGate({
    ...{ kind: 'permission', choices, number: 2, stageIndex: 0 },
    permission: { ...PERMISSION, ...fields },
  })
  const task = makeTask({ gate, allowedActions: actions as never })
  const { user } = await renderInPage(<GateBox task={task} gate={gate} canAnswer />)
  return { asked, user }
}

describe('a permission request', () => {
  it('shows the tool, the command, its folder and the diff', async () => {
    await show({ diff: '-one\n+two' })
    expect(screen.getByRole('region', { name: 'Claude asks for permission' })).toBeTruthy()
    expect(screen.getByText('Bash')).toBeTruthy()
    expect(screen.getByText('npm test --all')).toBeTruthy()
    expect(screen.getByText('/work')).toBeTruthy()
    expect(screen.getByText('+two').className).toBe('plus')
  })

  it('shows invisible characters of the command', async () => {
    await show({ arguments: 'rm \u202etset mpn' })
    expect(screen.getByText('rm ⟨U+202E⟩tset mpn')).toBeTruthy()
  })

  it.each([
    ['1', 'allow_once'],
    ['2', 'allow_for_task'],
  ])('is allowed with the key %s', async (key, result) => {
    const { asked, user } = await show()
    await user.keyboard(key)
    await waitFor(() => expect(asked[0]?.body).toEqual({ ...ofGate, result }))
  })

  it('is denied with a reason, by keyboard alone', async () => {
    const { asked, user } = await show()
    await user.keyboard('3')
    await user.keyboard('Use make.')
    expect(asked).toEqual([])
    await user.tab({ shift: true })
    await user.keyboard('{Enter}')
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, result: 'deny', comment: 'Use make.' }),
    )
  })

  it('is denied without a reason', async () => {
    const { asked, user } = await show()
    await user.click(button(/Deny/))
    await user.click(button(/Deny/))
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, result: 'deny', comment: null }),
    )
  })

  it('is allowed always by who can change the project, if the agent suggests a rule', async () => {
    const rule = 'Bash(npm test:*)'
    const { asked, user } = await show({ suggestion: rule }, ['answer', 'allow_always'])
    expect(screen.getByText(`“For this task” covers ${rule}.`)).toBeTruthy()
    await user.click(button(`Always allow ${rule} in this project`))
    await waitFor(() =>
      expect(asked[0]?.body).toEqual({ ...ofGate, result: 'allow_for_task', always: true }),
    )
  })

  it.each([
    [null, ['answer', 'allow_always']],
    ['Bash(npm test:*)', ['answer']],
  ])('has no button for always otherwise', async (suggestion, actions) => {
    await show({ suggestion }, actions)
    expect(screen.queryByRole('button', { name: /Always/ })).toBeNull()
  })
})
