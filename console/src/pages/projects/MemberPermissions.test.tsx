// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { MemberPermissions } from './MemberPermissions'

const base = { gitEmail: '', role: 'member', systemRole: 'developer', disabled: false }
const MEMBERS = [
  {
    ...base,
    developerId: 2,
    name: 'bo',
    permissions: ['see_project', 'create_task'],
    ownTaskPermissions: ['cancel_task'],
  },
  { ...base, developerId: 3, name: 'mei', disabled: true, permissions: [], ownTaskPermissions: [] },
]

it('shows what the server says that each member can do', async () => {
  await renderInPage(<MemberPermissions members={MEMBERS as never} />)
  const [, bo, mei] = screen.getAllByRole('row')
  const cellOf = (row: HTMLElement | undefined, name: string) => {
    const heads = screen.getAllByRole('columnheader').map(({ textContent }) => textContent)
    return row && within(row).getAllByRole('cell')[heads.indexOf(name)]
  }
  const labelOf = (row: HTMLElement | undefined, name: string) =>
    cellOf(row, name)?.querySelector('[aria-label]')?.getAttribute('aria-label')
  expect(labelOf(bo, 'Create tasks')).toBe('yes')
  expect(cellOf(bo, 'Cancel')?.textContent).toBe('own tasks')
  expect(labelOf(bo, 'Edit project')).toBe('no')
  expect(cellOf(mei, 'Person')?.textContent).toBe('mei · disabled')
  expect(labelOf(mei, 'See')).toBe('no')
})
