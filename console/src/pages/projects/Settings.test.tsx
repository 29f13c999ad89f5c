// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Project } from '../../queries/projects'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { Settings } from './Settings'

const SAVE = 'PUT /api/web/projects/WEB'
const CHECKS = '/api/web/projects/WEB/checks'
const project = {
  key: 'WEB',
  name: 'Web',
  repoUrl: 'https://git.example/web.git',
  defaultBranch: 'main',
  branchName: 'muster/{id}',
  agentType: 'claude',
  agentCommand: null,
  agentOptions: null,
  network: 'open',
  minSandbox: null,
  machineSelector: null,
  knownHosts: null,
  maxAttempts: 2,
  requireChange: false,
  onQuota: 'wait',
  quotaMinutes: 1440,
  quotaFailover: false,
  budget: null,
  taskBudget: null,
  templates: [],
  protected: false,
  protectedMachines: [],
  hasGitToken: true,
  hasSshKey: false,
  archivedAt: null,
} as unknown as Project

const failed = {
  step: 'login',
  state: 'failed',
  code: 'login_refused',
  message: 'The host git.example refused the Git token.',
  field: 'gitToken',
  params: {},
  details: 'fatal: Authentication failed',
}

async function open(canChange = true) {
  const asked = serve({
    [SAVE]: () => Response.json({ ...project, warnings: [] }),
    [`POST ${CHECKS}`]: () => Response.json({ id: 'c1' }, { status: 202 }),
    [`GET ${CHECKS}/c1`]: () =>
      Response.json({ state: 'failed', machine: 'heron', steps: [failed], hostKeys: [] }),
    'GET /api/web/agents': () => Response.json({ items: [], nextCursor: null }),
  })
  const page = await renderInPage(<Settings project={project} canChange={canChange} />)
  return {
    ...page,
    bodies: (route: string) => asked.filter((one) => one.route === route).map(({ body }) => body),
  }
}

beforeEach(() => void dequeueToasts())

describe('the settings of a project', () => {
  it('have one button that saves what has changed, and only that', async () => {
    const { user, bodies } = await open()
    const names = screen.getAllByRole<HTMLInputElement>('textbox', { name: 'Name' })
    await user.type(names[0] as HTMLElement, '2')
    await user.type(screen.getByLabelText('Git token'), 'ghp_new')
    expect(screen.getAllByRole('button', { name: 'Save' })).toHaveLength(1)
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(bodies(SAVE)).toEqual([{ name: 'Web2', gitToken: 'ghp_new' }]))
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>('Git token').value).toBe(''))
  })

  it('remove a credential only if that is chosen', async () => {
    const { user, bodies } = await open()
    await user.click(screen.getByLabelText('Remove token'))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(bodies(SAVE)).toEqual([{ gitToken: null }]))
  })

  it('archive the project', async () => {
    const { user, bodies } = await open()
    await user.click(screen.getByRole('button', { name: 'Archive project' }))
    await waitFor(() => expect(bodies(SAVE)).toHaveLength(1))
    expect(Object.keys(bodies(SAVE)[0] as object)).toEqual(['archivedAt'])
  })

  it('check what the form contains, and show our sentence before the text of git', async () => {
    const { user, bodies } = await open()
    await user.type(screen.getByLabelText('Git token'), 'ghp_new')
    await user.click(screen.getByRole('button', { name: 'Check' }))
    expect(await screen.findByText(/refused the Git token/)).toBeDefined()
    expect(bodies(`POST ${CHECKS}`)).toEqual([
      {
        repoUrl: project.repoUrl,
        defaultBranch: 'main',
        agentType: 'claude',
        gitToken: 'ghp_new',
      },
    ])
    expect(screen.getByText('fatal: Authentication failed').closest('details')).not.toBeNull()
    await user.click(screen.getByRole('button', { name: 'Go to the field' }))
    expect(document.activeElement).toBe(screen.getByLabelText('Git token'))
    expect(bodies(SAVE)).toEqual([])
  })

  it('are only shown to those who cannot change them', async () => {
    await open(false)
    expect(document.querySelector('fieldset')?.disabled).toBe(true)
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Archive project' })).toBeNull()
  })
})
