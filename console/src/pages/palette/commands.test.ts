// @vitest-environment jsdom
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { palette as en } from '../../i18n/en/palette'
import type { CommandId } from '../../i18n/palette'
import { COMMAND_OF_ROUTE, ROUTES_WITHOUT_COMMAND } from '../../testing/paletteRoutes'
import { browserCommands } from './browserCommands'
import { pageCommands } from './pageCommands'
import {
  isAllowed,
  machineCommands,
  projectCommands,
  subjectCommands,
  taskCommands,
} from './subjectCommands'
import type { PaletteNavigation } from './usePaletteNavigation'
import type { Viewer } from './useViewer'

const DOCUMENT = 'openapi.json' // `make check` and `make test` generate it
const METHODS = ['get', 'post', 'put', 'patch', 'delete']

const member: Viewer = {
  isAdmin: false,
  canDrain: false,
  maintainsAny: false,
  maintains: () => false,
}
const maintainer = { ...member, maintainsAny: true, maintains: (key: string) => key === 'WEB' }
const lead = { ...member, canDrain: true }
const admin = { isAdmin: true, canDrain: true, maintainsAny: true, maintains: () => true }

const opened = vi.fn()
const navigation = { open: opened } as unknown as PaletteNavigation

/** Returns all commands that somebody may have for something. */
function commandIds(viewer: Viewer): string[] {
  const mayRun = ({ isFor }: { isFor?: (viewer: Viewer) => boolean }) => isFor?.(viewer) ?? true
  return [
    'newTask',
    ...pageCommands(viewer, navigation).map(({ id }) => id),
    ...browserCommands({ readAll: vi.fn(), showKeys: vi.fn() }).map(({ id }) => id),
    ...taskCommands.filter(mayRun).map(({ id }) => id),
    ...machineCommands.filter(mayRun).map(({ id }) => id),
    ...projectCommands.filter(mayRun).map(({ id }) => id),
  ]
}

function routesOfDocument(): string[] {
  if (!existsSync(DOCUMENT)) throw new Error(`${DOCUMENT} is missing: run make check`)
  const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.filter((method) => method in operations).map(
      (method) => `${method.toUpperCase()} ${path}`,
    ),
  )
}

describe('the routes of the API', () => {
  const named = [...Object.keys(COMMAND_OF_ROUTE), ...Object.keys(ROUTES_WITHOUT_COMMAND)]

  it('each have a command, or a reason for none', () => {
    expect(routesOfDocument().filter((route) => !named.includes(route))).toEqual([])
  })

  it('have no line that is stale or doubled', () => {
    const routes = routesOfDocument()
    expect(named.filter((route) => !routes.includes(route))).toEqual([])
    expect(named).toHaveLength(new Set(named).size)
  })

  it('have commands that exist', () => {
    const known = commandIds(admin)
    expect(Object.values(COMMAND_OF_ROUTE).filter((id) => !known.includes(id))).toEqual([])
  })

  it("of admins have commands that others don't get", () => {
    const routes = Object.keys(COMMAND_OF_ROUTE).filter((route) => route.includes('/api/admin/'))
    const theirs = new Set(routes.map((route) => COMMAND_OF_ROUTE[route]))
    expect(theirs.size).toBeGreaterThan(20)
    for (const viewer of [member, maintainer, lead]) {
      expect(commandIds(viewer).filter((id) => theirs.has(id as CommandId))).toEqual([])
    }
  })
})

describe('the commands', () => {
  it('are all offered to admins', () => {
    const known = [...commandIds(admin), 'keysOn', 'keysOff']
    expect(Object.keys(en.commands).filter((id) => !known.includes(id))).toEqual([])
  })

  it('differ by role', () => {
    const more = (viewer: Viewer) =>
      commandIds(viewer).filter((id) => !commandIds(member).includes(id))
    expect(more(lead)).toEqual(['drain', 'undrain'])
    expect(more(maintainer)).toEqual([
      'pipeline',
      'projectSettings',
      'checkProject',
      'secrets',
      'members',
      'archiveProject',
    ])
    expect(commandIds(member)).not.toContain('addMachine')
    expect(more(admin)).toEqual(
      expect.arrayContaining(['addMachine', 'invite', 'settings', 'decommission', 'deleteProject']),
    )
  })

  it('of a project are only for its maintainers', () => {
    const ids = (key: string, viewer: Viewer) =>
      subjectCommands({ kind: 'project', on: { key, name: key } }, viewer, navigation).length
    expect([ids('WEB', member), ids('WEB', maintainer), ids('API', maintainer)]).toEqual([1, 7, 1])
    expect(ids('API', admin)).toBe(8)
  })

  it('of a task are those that the server allows the viewer', () => {
    const offered = (allowedActions: string[]) =>
      taskCommands
        .filter((one) => isAllowed(one, { id: 7, allowedActions }, member))
        .map(({ id }) => id)
    expect(offered([])).not.toContain('cancelTask')
    expect(offered(['cancel'])).toContain('cancelTask')
    expect(offered(['cancel'])).not.toContain('retryTask')
  })

  it('of a machine depend on its state', () => {
    const on = { id: '0-1', name: 'heron', status: 'online' } as const
    const offered = (machine: object) =>
      subjectCommands({ kind: 'machine', on: { ...on, ...machine } }, lead, navigation).map(
        ({ names }) => names[0],
      )
    expect(offered({})).toEqual(['Open machine', 'Drain machine'])
    expect(offered({ status: 'drained' })).toEqual(['Open machine', 'Undrain machine'])
  })

  it.each([
    ['cancelTask', '/tasks/7?do=cancel'],
    ['retryTask', '/tasks/7?do=retry'],
    ['followUp', '/tasks/7?do=followUp'],
    ['message', '/tasks/7?do=message'],
    ['stopAgent', '/tasks/7?do=interrupt'],
    ['shell', '/tasks/7?view=shell'],
  ])('%s only opens the dialog of its button', (id, url) => {
    taskCommands.find((one) => one.id === id)?.run({ id: 7, allowedActions: [] }, navigation)
    expect(opened).toHaveBeenLastCalledWith(url)
  })

  it.each([
    ['a drain', machineCommands, 'drain', { id: '0-1' }, '/machines/0-1?drain=1'],
    [
      'the decommission of an uninstalled machine',
      machineCommands,
      'decommission',
      { id: '0-1', uninstalledAt: '2030-01-01T00:00:00Z' },
      '/machines/0-1?decommission=1',
    ],
    [
      'a deletion',
      projectCommands,
      'deleteProject',
      { key: 'a b' },
      /^\/projects\/a%20b\?.*do=delete$/,
    ],
  ] as const)('%s asks first, too', (_, commands, id, on, url) => {
    const command = commands.find((one) => one.id === id)
    command?.run(on as never, navigation)
    const [last] = opened.mock.lastCall ?? []
    if (typeof url === 'string') expect(last).toBe(url)
    else expect(last).toMatch(url)
  })
})
