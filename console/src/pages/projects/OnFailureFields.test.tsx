// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import type { Stage } from '../../lib/form/pipeline'
import { renderInPage } from '../../testing/render'
import { OnFailureFields } from './OnFailureFields'

const stages: Stage[] = [
  { name: 'develop', command: 'x' },
  { name: 'lint', command: 'x', kind: 'shell' },
  { name: 'test', command: 'x', kind: 'shell' },
]

async function open(fields: Partial<Stage> = {}, place = 2) {
  const set = vi.fn()
  const stage = { ...(stages[place] as Stage), ...fields }
  const page = await renderInPage(
    <OnFailureFields stage={stage} place={place} stages={stages} set={set} />,
  )
  return { ...page, set }
}

const select = () => screen.getByRole<HTMLSelectElement>('combobox', { name: /If it fails/ })

it("offers the agents' stages before it", async () => {
  const { user, set } = await open()
  expect([...select().options].map(({ text }) => text)).toEqual([
    'The task fails',
    'Send it back to develop',
  ])
  await user.selectOptions(select(), 'develop')
  expect(set).toHaveBeenCalledWith('onFailure', { to: 'develop', times: 3 })
})

it('changes and removes the rule', async () => {
  const rule = { to: 'gone', times: 2 }
  const { user, set } = await open({ onFailure: rule })
  expect(select().value).toBe('gone')
  await user.type(screen.getByRole('textbox', { name: /Message/ }), 'H')
  expect(set).toHaveBeenCalledWith('onFailure', { ...rule, message: 'H' })
  await user.selectOptions(select(), '')
  expect(set).toHaveBeenCalledWith('onFailure', undefined)
})

it('is absent where no agent comes before it', async () => {
  await open({}, 0)
  expect(screen.queryByRole('combobox')).toBeNull()
})
