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
import { lastAsCurl, showNext } from '../../api/acts'
import type { Schemas } from '../../api/client'
import { curlOf } from '../../lib/curl'
import { areOn, switchKeys } from '../../ui/keys'
import { say, sayCurl } from '../../ui/toasts'
import { words } from '../../words'
import { sections } from '../admin/sections'
import { rooms } from '../frame/rooms'
import type { Doors } from './useDoors'

export type Act = { name: string; icon: ReactNode; hint?: string; run: () => void }

const icon = (Icon: typeof Copy) => <Icon className="i" aria-hidden="true" />

/** What can be done with the first task that was found. */
export function actsWithTask(task: Schemas['ListedTask'], doors: Doors): Act[] {
  const url = `${location.origin}/api/web/tasks/${task.id}`
  return [
    { name: words.palette.review, icon: icon(FileDiff), run: () => doors.task(task.id, 'diff') },
    {
      name: words.palette.terminal,
      icon: icon(SquareTerminal),
      run: () => doors.task(task.id, 'terminal'),
    },
    { name: words.palette.log, icon: icon(ScrollText), run: () => doors.task(task.id, 'log') },
    {
      name: words.palette.taskCurl,
      icon: icon(Copy),
      run: () => sayCurl(curlOf({ method: 'GET', url })),
    },
  ]
}

/** What can be done anywhere, as far as `q` is in its name. */
export function actsEverywhere(q: string, doors: Doors): Act[] {
  const always: Act[] = [
    { name: words.palette.newTask(q), icon: icon(Plus), hint: 'C', run: () => doors.newTask(q) },
    ...(q
      ? [{ name: words.palette.all(q), icon: icon(List), run: () => doors.go('/tasks', { q }) }]
      : []),
  ]
  return [...always, ...[...places(doors), ...others()].filter(({ name }) => says(name, q))]
}

function places(doors: Doors): Act[] {
  const own = [
    ...rooms().map(({ to, name, icon: Icon }) => ({
      to,
      name,
      icon: <Icon className="i" aria-hidden="true" />,
    })),
    { to: '/profile', name: words.common.profile, icon: icon(Keyboard) },
  ]
  const admin = sections().map(({ to, name }) => ({
    to,
    name: words.palette.admin(name),
    icon: icon(List),
  }))
  const all = doors.isAdmin ? [...own, ...admin] : own
  return all.map(({ to, ...rest }) => ({ ...rest, run: () => doors.go(to) }))
}

function others(): Act[] {
  const are = areOn()
  return [
    { name: words.palette.lastCurl, icon: icon(Copy), run: copyLast },
    { name: words.palette.nextCurl, icon: icon(Copy), run: armNext },
    {
      name: are ? words.palette.keysOff : words.palette.keysOn,
      icon: icon(Keyboard),
      run: () => switchKeys(!are),
    },
    { name: words.palette.docs, icon: icon(BookOpen), run: () => void open('/api/docs') },
  ]
}

function copyLast(): void {
  const line = lastAsCurl()
  if (line === null) say(words.palette.nothingDone)
  else sayCurl(line)
}

function armNext(): void {
  showNext()
  say(words.palette.nextCurlArmed)
}

function says(name: string, q: string): boolean {
  return name.toLocaleLowerCase().includes(q.toLocaleLowerCase())
}
