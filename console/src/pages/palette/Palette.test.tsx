// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { areShortcutsEnabled } from '../../components/hooks/shortcuts'
import { renderInPage } from '../../testing/render'
import { pending, serve } from '../../testing/server'
import { makeTask } from '../../testing/tasks'
import Palette from './Palette'

const FOUND = {
  tasks: [makeTask({ id: 7, description: 'Fix the login', status: 'running' })],
  machines: [{ id: '0-1', name: 'heron', status: 'online' }],
  projects: [{ key: 'WEB', name: 'Website' }],
  complete: true,
}
const onClose = vi.fn()

async function open(
  role = 'developer',
  found: object = FOUND,
  search: () => Response | Promise<Response> = () => Response.json(found),
) {
  const asked = serve({
    'GET /api/web/profile': () => Response.json({ id: 3, role }),
    'GET /api/web/search': search,
  })
  const page = await renderInPage(<Palette onClose={onClose} />)
  await vi.waitFor(() => expect(page.client.getQueryData(['me'])).toBeDefined())
  return { ...page, asked }
}

const groups = () =>
  [...document.querySelectorAll('[cmdk-group-heading]')].map(({ textContent }) => textContent)
const options = () => screen.getAllByRole('option').map(({ textContent }) => textContent)
const chosen = () => screen.getByRole('option', { selected: true }).textContent
const find = () => screen.getByRole('combobox')

beforeEach(() => onClose.mockClear())

describe('the palette', () => {
  it('has the focus, and begins with commands, without a search', async () => {
    const { asked } = await open()
    await waitFor(() => expect(document.activeElement).toBe(find()))
    expect(groups()).toEqual(['Commands'])
    expect(options()[0]).toBe('New taskC')
    expect(options().filter((name) => name?.startsWith('Admin:'))).toEqual([])
    expect(asked.map(({ route }) => route)).toEqual(['GET /api/web/profile'])
  })

  it('has the pages of admins for admins', async () => {
    await open('admin')
    await waitFor(() => expect(options()).toContain('Admin: Audit log'))
  })

  it('finds tasks, machines and projects, and commands by name', async () => {
    const { user } = await open()
    await user.type(find(), 'log')
    await screen.findByText('heron')
    expect(groups()).toEqual(['Tasks', 'Commands for #7', 'Machines', 'Projects', 'Commands'])
    expect(options()).toContain('New task: “log”C')
    expect(options()).not.toContain('Open API documentation')
    expect([...document.querySelectorAll('mark')].map(({ textContent }) => textContent)).toContain(
      'log',
    )
  })

  it.each([
    ['a task', 'Fix the login', '/tasks/7'],
    ["a task's diff", 'Review diff', '/tasks/7?view=diff'],
    ['a machine', 'heron', '/machines/0-1'],
    ['a project', 'Website', '/projects/WEB'],
    ['all tasks that match', /All tasks matching/, '/tasks?q=i'],
    ['a new task', /^New task/, '/?new=i'],
  ])('leads to %s, and closes', async (_, name, path) => {
    const { user, ...page } = await open()
    await user.type(find(), 'i')
    await screen.findByText('heron')
    await user.click(screen.getAllByRole('option', { name: new RegExp(name) })[0] as HTMLElement)
    await waitFor(() => expect(page.path()).toBe(path))
    expect(onClose).toHaveBeenCalled()
  })

  it.each([
    ['the first hit', '', '/tasks/7'],
    ['the next one after an arrow', '{ArrowDown}', '/tasks/7?view=diff'],
    ['the first hit after the last', '{ArrowUp}{ArrowDown}', '/tasks/7'],
  ])('opens %s by Enter', async (_, keys, path) => {
    const { user, ...page } = await open()
    await user.type(find(), 'x')
    await screen.findByText('heron')
    await user.keyboard(`${keys}{Enter}`)
    await waitFor(() => expect(page.path()).toBe(path))
  })

  it('goes to the first hit that comes after somebody has moved', async () => {
    const { answer, resolve } = pending()
    const { user } = await open('developer', FOUND, () => answer)
    await user.type(find(), 'x{ArrowDown}{ArrowDown}')
    resolve(Response.json(FOUND))
    await screen.findByText('heron')
    expect(chosen()).toContain('Fix the login')
  })

  it.each([
    ['when others are found', Response.json(FOUND)],
    ['while others are looked for', pending().answer],
  ])('begins again at the first hit %s', async (_, second) => {
    const answers = [Response.json(FOUND), second]
    const { user } = await open('developer', FOUND, () => answers.shift() ?? Response.json(FOUND))
    await user.type(find(), 'x')
    await screen.findByText('heron')
    await user.keyboard('{ArrowUp}')
    expect(chosen()).toContain('curl')
    await user.keyboard('{ArrowUp}y')
    await waitFor(() => expect(chosen()).toContain('Fix the login'))
  })

  it('says when not all was searched', async () => {
    const { user } = await open('developer', { ...FOUND, complete: false })
    expect(screen.getByText('Searches tasks, machines, projects')).toBeDefined()
    await user.type(find(), 'x')
    expect(await screen.findByText('Some older tasks were not searched.')).toBeDefined()
  })

  it('runs a command, and closes', async () => {
    const { user } = await open()
    await user.click(screen.getByRole('option', { name: 'Turn off single-key shortcuts' }))
    expect([areShortcutsEnabled(), onClose.mock.calls.length]).toEqual([false, 1])
  })

  it('is closed by Escape', async () => {
    const { user } = await open()
    await user.keyboard('{Escape}')
    expect(onClose).toHaveBeenCalledOnce()
  })
})
