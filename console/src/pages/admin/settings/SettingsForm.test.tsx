// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadSettingStrings } from '../../../i18n/settings'
import { dequeueToasts } from '../../../state/toasts'
import { renderInPage } from '../../../testing/render'
import { serve } from '../../../testing/server'
import { SettingsForm } from './SettingsForm'
import type { Setting } from './settingValues'

const SAVE = 'PUT /api/admin/settings'
const base = {
  type: 'integer',
  help: 'What it does.',
  minimum: 1,
  maximum: 8760,
  pattern: null,
  choices: null,
  warning: null,
  updatedAt: null,
  updatedBy: null,
} as const
const setting = (fields: Partial<Setting>): Setting => ({ ...base, ...fields }) as Setting
const invitations = setting({
  key: 'invitationHours',
  name: 'Invitation lifetime',
  group: 'sign_in',
  unit: 'hours',
  default: 72,
  value: 72,
})
const upgrades = setting({
  key: 'machineUpgrades',
  name: 'Machine upgrades',
  group: 'machines',
  type: 'string',
  unit: 'off, idle or now',
  choices: ['off', 'idle', 'now'],
  default: 'idle',
  value: 'off',
})
const publicUrl = setting({
  key: 'publicUrl',
  name: 'Public URL',
  group: 'messages',
  type: 'string',
  unit: 'URL',
  default: '',
  value: '',
  warning: 'no_links',
})
const REGISTRY = [invitations, upgrades, publicUrl]

async function open(registry = REGISTRY) {
  const asked = serve({ [SAVE]: () => Response.json({ settings: {}, registry }) })
  const page = await renderInPage(<SettingsForm registry={registry} />)
  return { ...page, saved: () => asked.filter(({ route }) => route === SAVE) }
}

const headings = () => screen.getAllByRole('heading', { level: 2 }).map((one) => one.textContent)

beforeAll(loadSettingStrings)
beforeEach(() => void dequeueToasts())

describe('the settings', () => {
  it('start with those that do harm, and say which', async () => {
    await open()
    expect(headings()).toEqual(['Needs attention', 'Sign-in and accounts', 'Machines'])
    const first = screen.getByRole('region', { name: 'Needs attention' })
    expect(within(first).getByRole('textbox', { name: 'Public URL' })).toBeDefined()
    expect(within(first).getByText(/messages have no links/)).toBeDefined()
    expect(screen.getAllByText('publicUrl')).toHaveLength(1)
  })

  it('show the name in words, the key, the effect and the default', async () => {
    await open()
    expect(screen.getByText('Invitation lifetime').tagName).toBe('LABEL')
    expect(screen.getByText('invitationHours').tagName).toBe('CODE')
    expect(screen.getByText(/^Default: 3 days · 1 hour to 365 days/)).toBeDefined()
  })

  it('are entered in days and hours, and sent in the unit of the API', async () => {
    const { user, saved } = await open()
    const days = screen.getByRole<HTMLInputElement>('spinbutton', {
      name: 'Invitation lifetime days',
    })
    const hours = screen.getByRole<HTMLInputElement>('spinbutton', { name: 'hours' })
    expect([days.value, hours.value]).toEqual(['3', '0'])
    await user.clear(days)
    await user.type(days, '1')
    await user.clear(hours)
    await user.type(hours, '6')
    await user.click(screen.getByRole('button', { name: 'Save 1 change' }))
    await waitFor(() => expect(saved().map(({ body }) => body)).toEqual([{ invitationHours: 30 }]))
  })

  it('offer choices in words, and restore the default', async () => {
    const { user, saved } = await open()
    const choice = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Machine upgrades' })
    expect([...choice.options].map(({ text }) => text)).toEqual([
      'Never',
      'When no task runs there',
      'At once',
    ])
    await user.click(screen.getByRole('button', { name: 'Restore default: Machine upgrades' }))
    expect(choice.value).toBe('idle')
    await user.click(screen.getByRole('button', { name: 'Save 1 change' }))
    await waitFor(() =>
      expect(saved().map(({ body }) => body)).toEqual([{ machineUpgrades: null }]),
    )
  })

  it.each([
    ['invitation life', ['Sign-in and accounts']],
    ['INVITATIONHOURS', ['Sign-in and accounts']],
    ['what it does', ['Needs attention', 'Sign-in and accounts', 'Machines']],
    ['machines', ['Machines']],
  ])('are found by “%s”', async (text, found) => {
    const { user, path } = await open()
    await user.type(screen.getByRole('searchbox', { name: 'Search settings' }), text)
    await waitFor(() => expect(headings()).toEqual(found))
    expect(path()).toContain('q=')
  })

  it('that no search finds are none', async () => {
    const { user } = await open()
    await user.type(screen.getByRole('searchbox'), 'xyz')
    expect(await screen.findByText('No setting matches “xyz”.')).toBeDefined()
  })
})
