import { Bell, CircleAlert, FolderGit2, List, Server } from 'lucide-react'
import { strings } from '../../i18n'

/** The five pages of the navigation bar. */
export const navigationItems = () =>
  [
    { to: '/', name: strings.common.inbox, icon: CircleAlert },
    { to: '/tasks', name: strings.common.tasks, icon: List },
    { to: '/machines', name: strings.common.machines, icon: Server },
    { to: '/projects', name: strings.common.projects, icon: FolderGit2 },
    { to: '/notifications', name: strings.common.notifications, icon: Bell },
  ] as const
