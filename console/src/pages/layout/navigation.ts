import { Bell, CircleAlert, FolderGit2, List, Server } from 'lucide-react'
import { strings } from '../../i18n'

/** The five pages of the navigation bar. `keys` open one: first `g`, then its letter. */
export const navigationItems = () =>
  [
    { to: '/', keys: 'g i', name: strings.common.inbox, icon: CircleAlert },
    { to: '/tasks', keys: 'g t', name: strings.common.tasks, icon: List },
    { to: '/machines', keys: 'g m', name: strings.common.machines, icon: Server },
    { to: '/projects', keys: 'g p', name: strings.common.projects, icon: FolderGit2 },
    { to: '/notifications', keys: 'g n', name: strings.common.notifications, icon: Bell },
  ] as const
