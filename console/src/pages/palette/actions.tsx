import {
  BookOpen,
  Copy,
  FileDiff,
  Keyboard,
  List,
  Plus,
  ScrollText,
  SquareTerminal,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { captureNextRequest, lastCurlCommand } from '../../api/curlHistory'
import { areShortcutsEnabled, setShortcutsEnabled } from '../../components/hooks/shortcuts'
import { strings } from '../../i18n'
import { curlCommand } from '../../lib/net/curl'
import { copyCurlCommand, showToast } from '../../state/toasts'
import { sections } from '../admin/sections'
import { navigationItems } from '../layout/navigation'
import type { PaletteNavigation } from './usePaletteNavigation'

export type PaletteAction = { name: string; icon: ReactNode; hint?: string; run: () => void }

const icon = (Icon: typeof Copy) => <Icon className="i" aria-hidden="true" />

/** Returns the actions for the first task found. */
export function taskActions(
  task: Schemas['ListedTask'],
  doors: PaletteNavigation,
): PaletteAction[] {
  const url = `${location.origin}/api/web/tasks/${task.id}`
  return [
    { name: strings.palette.review, icon: icon(FileDiff), run: () => doors.task(task.id, 'diff') },
    {
      name: strings.palette.terminal,
      icon: icon(SquareTerminal),
      run: () => doors.task(task.id, 'terminal'),
    },
    { name: strings.palette.log, icon: icon(ScrollText), run: () => doors.task(task.id, 'log') },
    {
      name: strings.palette.taskCurl,
      icon: icon(Copy),
      run: () => copyCurlCommand(curlCommand({ method: 'GET', url })),
    },
  ]
}

/** Returns the actions that don't depend on the results and whose name matches `q`. */
export function globalActions(q: string, doors: PaletteNavigation): PaletteAction[] {
  const always: PaletteAction[] = [
    { name: strings.palette.newTask(q), icon: icon(Plus), hint: 'C', run: () => doors.newTask(q) },
    ...(q
      ? [{ name: strings.palette.all(q), icon: icon(List), run: () => doors.go('/tasks', { q }) }]
      : []),
  ]
  return [
    ...always,
    ...[...navigationActions(doors), ...otherActions()].filter(({ name }) => matchesQuery(name, q)),
  ]
}

function navigationActions(doors: PaletteNavigation): PaletteAction[] {
  const own = [
    ...navigationItems().map(({ to, name, icon: Icon }) => ({
      to,
      name,
      icon: <Icon className="i" aria-hidden="true" />,
    })),
    { to: '/profile', name: strings.common.profile, icon: icon(Keyboard) },
  ]
  const admin = sections().map(({ to, name }) => ({
    to,
    name: strings.palette.admin(name),
    icon: icon(List),
  }))
  const all = doors.isAdmin ? [...own, ...admin] : own
  return all.map(({ to, ...rest }) => ({ ...rest, run: () => doors.go(to) }))
}

function otherActions(): PaletteAction[] {
  const are = areShortcutsEnabled()
  return [
    { name: strings.palette.lastCurl, icon: icon(Copy), run: copyLastCurl },
    { name: strings.palette.nextCurl, icon: icon(Copy), run: captureNextCurl },
    {
      name: are ? strings.palette.keysOff : strings.palette.keysOn,
      icon: icon(Keyboard),
      run: () => setShortcutsEnabled(!are),
    },
    { name: strings.palette.docs, icon: icon(BookOpen), run: () => void open('/api/docs') },
  ]
}

function copyLastCurl(): void {
  const line = lastCurlCommand()
  if (line === null) showToast(strings.palette.nothingDone)
  else copyCurlCommand(line)
}

function captureNextCurl(): void {
  captureNextRequest()
  showToast(strings.palette.nextCurlArmed)
}

function matchesQuery(name: string, q: string): boolean {
  return name.toLocaleLowerCase().includes(q.toLocaleLowerCase())
}
