// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dequeueToasts } from '../../../state/toasts'
import { renderInPage } from '../../../testing/render'
import { problem, serve } from '../../../testing/server'
import NewTaskDialog from './NewTaskDialog'

vi.mock('../../../queries/images', () => ({
  uploadImage: () => new Promise(() => {}),
  deleteImage: () => {},
}))

const CREATE = 'POST /api/web/tasks'
const DRAFT = 'POST /api/web/profile/drafts'
const list = (items: object[]) => () =>
  Response.json({ items, nextCursor: null, total: items.length })
const onClose = vi.fn()
const description = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Description/ })
const create = () => screen.getByRole<HTMLButtonElement>('button', { name: /Creat/ })
const toasts = () => dequeueToasts().map(({ line }) => line)

async function open(begun: string, projects: string[], answer = () => Response.json({})) {
  const asked = serve({
    'GET /api/web/profile': () => Response.json({ id: 3, role: 'developer' }),
    'GET /api/web/projects': list(projects.map((key) => ({ key, name: key, myRole: 'member' }))),
    'GET /api/web/projects/WEB': () => Response.json({ key: 'WEB', agentType: 'claude' }),
    'GET /api/web/agents': list([]),
    'GET /api/web/machines': list([]),
    'GET /api/web/profile/drafts': list([]),
    [DRAFT]: () => Response.json({ id: 5 }, { status: 201 }),
    [CREATE]: answer,
  })
  const page = await renderInPage(<NewTaskDialog begun={begun} onClose={onClose} />)
  await screen.findByRole('option', { name: projects[0] ?? 'Choose a project' })
  return { ...page, sent: (route: string) => asked.filter((one) => one.route === route) }
}

beforeEach(() => {
  onClose.mockClear()
  dequeueToasts()
})

// A draft that an earlier test began may arrive late: it is saved 0.8 s after its last change.
describe('a new task', () => {
  it('says what is wanting before the server is asked', async () => {
    const { user, sent } = await open('', ['WEB', 'API'])
    await user.click(create())
    expect(screen.getByText('Choose a project.')).toBeDefined()
    expect(screen.getByText('Describe what to do.')).toBeDefined()
    expect(sent(CREATE)).toEqual([])
  })

  it('is made once, in the only project, and is shown then', async () => {
    const made = () => Response.json({ id: 9, warnings: [] }, { status: 201 })
    const { user, sent, path } = await open('Fix it', ['WEB'], made)
    await user.type(description(), ' now')
    await user.click(create())
    await waitFor(() => expect(path()).toBe('/tasks/9'))
    expect(sent(CREATE).map(({ body }) => body)).toMatchObject([
      { projectKey: 'WEB', description: 'Fix it now', priority: 0, machineSelector: null },
    ])
    expect(localStorage.getItem('muster-project')).toBe('WEB')
  })

  it('asks for labels only where a machine is chosen by them', async () => {
    const { user } = await open('Fix it', ['WEB'])
    expect(screen.queryByRole('textbox', { name: /Labels/ })).toBeNull()
    await user.selectOptions(screen.getByRole('combobox', { name: /Machine/ }), 'By labels')
    expect(screen.getByRole('textbox', { name: /Labels/ })).toBeDefined()
  })

  it('shows what is wrong at its field, and can be sent again', async () => {
    const errors = { errors: { machineSelector: ['Bad.'] }, errorCodes: {} }
    const { user } = await open('x', ['WEB'], () => problem(422, 'validation_failed', errors))
    await user.selectOptions(screen.getByRole('combobox', { name: /Machine/ }), 'By labels')
    await user.click(create())
    expect(await screen.findByText('Bad.')).toBeDefined()
    expect([create().disabled, toasts()]).toEqual([false, []])
  })

  it('that is not made is kept as a draft when the dialog closes', async () => {
    const { user, sent } = await open('', ['WEB'])
    await user.type(description(), 'Half')
    await user.click(screen.getByRole('button', { name: 'Close' }))
    expect(onClose).toHaveBeenCalledOnce()
    await waitFor(() => expect(toasts()).toEqual(['Draft saved']))
    expect(sent(DRAFT).map(({ body }) => body)).toContainEqual(
      expect.objectContaining({ description: 'Half', projectKey: 'WEB' }),
    )
  })

  it('says that its draft has no images', async () => {
    const { user } = await open('Like this', ['WEB'])
    await user.type(description(), '.')
    await user.upload(
      screen.getByLabelText('Attach image', { selector: 'input' }),
      new File(['x'], 'shot.png', { type: 'image/png' }),
    )
    await user.click(screen.getByRole('button', { name: 'Close' }))
    await waitFor(() => expect(toasts()).toEqual(['Draft saved, without its images']))
  })

  it('of which nothing was written leaves no draft', async () => {
    const { user, sent } = await open('', ['WEB'])
    await user.click(screen.getByRole('button', { name: 'Close' }))
    const empty = sent(DRAFT).filter(({ body }) => !(body as { description: string }).description)
    expect([onClose.mock.calls.length, empty, toasts()]).toEqual([1, [], []])
  })
})
