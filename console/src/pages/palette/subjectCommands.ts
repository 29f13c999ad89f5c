/** Commands for one task, machine or project. */
import {
  CirclePlay,
  CircleStop,
  Copy,
  Download,
  FileDiff,
  FolderGit2,
  FolderOpen,
  List,
  type LucideIcon,
  MessageSquare,
  MessageSquareText,
  Reply,
  RotateCcw,
  ScrollText,
  Server,
  SquareTerminal,
  Trash2,
  Users,
} from 'lucide-react'
import { type CommandId, commandNames } from '../../i18n/palette'
import { curlCommand } from '../../lib/net/curl'
import { copyCurlCommand } from '../../state/toasts'
import type {
  Command,
  Subject,
  SubjectCommand,
  SubjectMachine,
  SubjectProject,
  SubjectTask,
} from './command'
import type { PaletteNavigation } from './usePaletteNavigation'
import type { Viewer } from './useViewer'

const openView = (id: CommandId, icon: LucideIcon, view: string): SubjectCommand<SubjectTask> => ({
  id,
  icon,
  run: (task, navigation) => navigation.open(`/tasks/${task.id}?view=${view}`),
})

/** One that the task's state and the viewer's permissions allow. */
const act = (
  id: CommandId,
  icon: LucideIcon,
  action: string,
  query: string,
): SubjectCommand<SubjectTask> => ({
  id,
  icon,
  isOffered: ({ allowedActions }) => allowedActions.includes(action),
  run: (task, navigation) => navigation.open(`/tasks/${task.id}${query}`),
})

export const taskCommands: SubjectCommand<SubjectTask>[] = [
  openView('review', FileDiff, 'diff'),
  openView('terminal', SquareTerminal, 'terminal'),
  openView('log', ScrollText, 'log'),
  {
    id: 'taskCurl',
    icon: Copy,
    run: ({ id }) =>
      copyCurlCommand(
        curlCommand({ method: 'GET', url: `${location.origin}/api/web/tasks/${id}` }),
      ),
  },
  act('shell', SquareTerminal, 'shell', '?view=shell'),
  act('answer', MessageSquare, 'answer', ''),
  act('message', MessageSquareText, 'message', '?do=message'),
  act('stopAgent', CircleStop, 'interrupt', '?do=interrupt'),
  act('followUp', Reply, 'follow_up', '?do=followUp'),
  act('retryTask', RotateCcw, 'retry', '?do=retry'),
  act('cancelTask', Trash2, 'cancel', '?do=cancel'),
  openView('transcript', ScrollText, 'transcript'),
  openView('recording', CirclePlay, 'recording'),
  openView('events', List, 'events'),
  openView('taskUsage', List, 'usage'),
  openView('workspace', FolderOpen, 'workspace'),
  {
    id: 'evidence',
    icon: Download,
    run: (task, navigation) => navigation.downloadEvidence(task.id),
  },
]

const isInDrain = ({ status }: SubjectMachine) => status === 'draining' || status === 'drained'
const isUninstalled = ({ uninstalledAt }: SubjectMachine) => Boolean(uninstalledAt)

export const machineCommands: SubjectCommand<SubjectMachine>[] = [
  {
    id: 'openMachine',
    icon: Server,
    run: ({ id }, navigation) => navigation.open(`/machines/${id}`),
  },
  {
    id: 'drain',
    icon: Server,
    isFor: ({ canDrain }) => canDrain,
    isOffered: (machine) => !isInDrain(machine) && !isUninstalled(machine),
    run: ({ id }, navigation) => navigation.open(`/machines/${id}?drain=1`),
  },
  {
    id: 'undrain',
    icon: Server,
    isFor: ({ canDrain }) => canDrain,
    isOffered: isInDrain,
    run: (machine, navigation) => navigation.undrain(machine),
  },
  {
    id: 'editMachine',
    icon: Server,
    isFor: ({ isAdmin }) => isAdmin,
    run: (_, navigation) => navigation.open('/admin/machines'),
  },
  {
    id: 'decommission',
    icon: Trash2,
    isFor: ({ isAdmin }) => isAdmin,
    run: (machine, navigation) =>
      navigation.open(
        isUninstalled(machine) ? `/machines/${machine.id}?decommission=1` : '/admin/machines',
      ),
  },
]

const openPart = (
  id: CommandId,
  icon: LucideIcon,
  query: string,
  who?: 'maintainer' | 'admin',
): SubjectCommand<SubjectProject> => ({
  id,
  icon,
  ...(who === 'maintainer' && {
    isFor: (viewer) => viewer.maintainsAny,
    isOffered: ({ key }, viewer) => viewer.maintains(key),
  }),
  ...(who === 'admin' && { isFor: (viewer) => viewer.isAdmin }),
  run: ({ key }, navigation) =>
    navigation.open(`/projects/${encodeURIComponent(key)}?part=${query}`),
})

export const projectCommands: SubjectCommand<SubjectProject>[] = [
  openPart('projectUsage', List, 'usage'),
  openPart('pipeline', FolderGit2, 'pipeline', 'maintainer'),
  openPart('projectSettings', FolderGit2, 'settings', 'maintainer'),
  openPart('checkProject', FolderGit2, 'settings', 'maintainer'),
  openPart('secrets', FolderGit2, 'secrets', 'maintainer'),
  openPart('members', Users, 'members', 'maintainer'),
  openPart('archiveProject', FolderGit2, 'settings#lifecycle', 'maintainer'),
  openPart('deleteProject', Trash2, 'settings&do=delete', 'admin'),
]

export function subjectName(subject: Subject): string {
  return subject.kind === 'task' ? `#${subject.on.id}` : subject.on.name
}

/** Returns the commands that the viewer may run for this subject. */
export function subjectCommands(
  subject: Subject,
  viewer: Viewer,
  navigation: PaletteNavigation,
): Command[] {
  const offered = <T>(commands: SubjectCommand<T>[], on: T) =>
    commands
      .filter((one) => isAllowed(one, on, viewer))
      .map(({ id, icon, run }) => ({
        id: `${id} ${subjectName(subject)}`,
        names: commandNames(id),
        icon,
        about: subjectName(subject),
        run: () => run(on, navigation),
      }))
  switch (subject.kind) {
    case 'task':
      return offered(taskCommands, subject.on)
    case 'machine':
      return offered(machineCommands, subject.on)
    case 'project':
      return offered(projectCommands, subject.on)
  }
}

export function isAllowed<T>(command: SubjectCommand<T>, on: T, viewer: Viewer): boolean {
  const { isFor, isOffered } = command
  return (isFor?.(viewer) ?? true) && (isOffered?.(on, viewer) ?? true)
}
