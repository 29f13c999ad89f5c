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
const MACHINES = [
  { id: '0-1', name: 'heron', status: 'online' },
  { id: '0-2', name: 'tern', status: 'online' },
]
const onClose = vi.fn()
const onShowKeys = vi.fn()

async function open(
  role = 'developer',
  found: object = FOUND,
  search: () => Response | Promise<Response> = () => Response.json(found),
  myRole = 'member',
) {
  const asked = serve({
    'GET /api/web/profile': () => Response.json({ id: 3, role }),
    'GET /api/web/search': search,
    'GET /api/web/machines': () => Response.json({ items: MACHINES, nextCursor: null }),
    'GET /api/web/projects': () =>
      Response.json({ items: [{ key: 'WEB', name: 'Website', myRole }], nextCursor: null }),
    'GET /api/web/tasks': () =>
      Response.json({
        items: [
          makeTask({ id: 7, description: 'Fix the login' }),
          makeTask({ id: 8, description: 'Done already', allowedActions: [] }),
        ],
        nextCursor: null,
      }),
    'GET /api/admin/settings': () =>
      Response.json({
        settings: {},
        registry: [
          { key: 'maxSlots', name: 'Slots per machine', type: 'integer', help: 'Maximum slots.' },
        ],
      }),
  })
  const page = await renderInPage(<Palette onShowKeys={onShowKeys} onClose={onClose} />)
  await vi.waitFor(() => {
    expect(page.client.getQueryData(['me'])).toBeDefined()
    expect(page.client.getQueryData(['projects', 'all'])).toBeDefined()
  })
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
    expect(asked.map(({ route }) => route)).not.toContain('GET /api/web/search')
  })

  it('has the pages of admins for admins', async () => {
    await open('admin')
    await waitFor(() => expect(options()).toContain('Admin: Audit log'))
  })

  it('finds tasks, machines and projects, and commands by name', async () => {
    const { user } = await open()
    await user.type(find(), 'log')
    await screen.findByText('heron')
    // First those named like that, which are there before anything is found.
    expect(groups()).toEqual([
      'Commands',
      'Tasks',
      'Commands for #7',
      'Machines',
      'Projects',
      'More commands',
    ])
    expect(options()).toContain('New task: “log”C')
    expect(options()).not.toContain('Open API documentation')
    expect(options()[0]).toBe('View log …')
    expect([...document.querySelectorAll('mark')].map(({ textContent }) => textContent)).toContain(
      'log',
    )
  })

  it.each([
    ['a task', 'Fix the login', '/tasks/7'],
    ["a task's diff", 'Review diff', '/tasks/7?view=diff'],
    ['a machine', '^heron', '/machines/0-1'],
    ['a project', '^Website', '/projects/WEB'],
    ['all tasks that match', /All tasks matching/, '/tasks?q=x'],
    ['a new task', /^New task: /, '/?new=x'],
  ])('leads to %s, and closes', async (_, name, path) => {
    const { user, ...page } = await open()
    await user.type(find(), 'x')
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
    expect(chosen()).toContain('All tasks matching')
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

  it.each([
    ['排空几器', 'Drain machine …'],
    ['Drian machine', 'Drain machine …'],
    ['深色', 'Theme: Dark'],
  ])('finds by %s, a typo or a word of the other language: %s', async (typed, name) => {
    const { user } = await open('lead')
    await user.type(find(), typed)
    expect(options()).toContain(name)
  })

  it('finds settings by name for admins', async () => {
    const { user, ...page } = await open('admin')
    await user.type(find(), 'max slots')
    await user.click(await screen.findByRole('option', { name: 'Setting: Slots per machine' }))
    await waitFor(() => expect(page.path()).toBe('/admin/settings#maxSlots'))
  })

  it('asks which machine, and then opens the dialog that asks', async () => {
    const { user, asked, ...page } = await open('lead')
    await user.type(find(), 'drain ma{Enter}')
    await screen.findByText('tern')
    expect(onClose).not.toHaveBeenCalled()
    await user.keyboard('tren{Enter}')
    await waitFor(() => expect(page.path()).toMatch(/^\/machines\/0-2\?drain=/))
    expect(asked.filter(({ route }) => route.startsWith('POST'))).toEqual([])
  })

  it('offers only tasks that the command is allowed for', async () => {
    const { user } = await open()
    await user.type(find(), 'cancel task{Enter}')
    expect(await screen.findByText('Fix the login')).toBeDefined()
    expect(screen.queryByText('Done already')).toBeNull()
    await user.keyboard('{Backspace}')
    await waitFor(() => expect(options()[0]).toBe('New taskC'))
  })

  it.each([
    ['a member', 'developer', 'member', []],
    ['a maintainer', 'developer', 'maintainer', ['Add or remove project members …']],
    ['a lead', 'lead', 'member', ['Drain machine …']],
    [
      'an admin',
      'admin',
      'member',
      ['Add machine', 'Add or remove project members …', 'Drain machine …', 'Invite a person'],
    ],
  ])('shows %s only their commands', async (_, role, myRole, names) => {
    const { user } = await open(role, FOUND, undefined, myRole)
    const rare = ['Add machine', 'Add or remove project members …', 'Drain machine …']
    const seen: string[] = []
    for (const typed of ['drain machine', 'machine', 'members', 'invite a']) {
      await user.clear(find())
      await user.type(find(), typed)
      seen.push(...options().filter((name): name is string => name !== null))
    }
    const listed = [...rare, 'Invite a person'].filter((name) => seen.includes(name))
    expect(listed).toEqual(names)
  })

  it('shows a queued task with an open gate as its page does', async () => {
    const task = makeTask({
      id: 7,
      description: 'Fix the login',
      status: 'queued',
      suspendReason: null,
      waitingFor: { reason: 'gate', nextAction: null, at: null },
    })
    const { user } = await open('developer', { ...FOUND, tasks: [task] })
    await user.type(find(), 'x')
    const hit = await screen.findByRole('option', { name: /Fix the login/ })
    expect(hit.querySelector('.status')?.getAttribute('data-is')).toBe('needs')
  })

  it('is closed by Escape', async () => {
    const { user } = await open()
    await user.keyboard('{Escape}')
    expect(onClose).toHaveBeenCalledOnce()
  })
})
