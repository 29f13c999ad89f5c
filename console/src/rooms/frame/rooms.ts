import { Bell, CircleAlert, FolderGit2, List, Server } from 'lucide-react'
import { words } from '../../words'

/** The five rooms of the bar. */
export const rooms = () =>
  [
    { to: '/', name: words.common.needsYou, icon: CircleAlert },
    { to: '/tasks', name: words.common.tasks, icon: List },
    { to: '/machines', name: words.common.machines, icon: Server },
    { to: '/projects', name: words.common.projects, icon: FolderGit2 },
    { to: '/inbox', name: words.common.inbox, icon: Bell },
  ] as const
