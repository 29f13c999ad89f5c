import { FolderGit2, List, Plus, Server } from 'lucide-react'
import { inBothLanguages, paletteStrings } from '../../i18n/palette'
import { browserCommands } from './browserCommands'
import type { Command, Subject, SubjectCommand } from './command'
import { pageCommands } from './pageCommands'
import { useSettingCommands } from './settingCommands'
import { machineCommands, projectCommands, subjectCommands, taskCommands } from './subjectCommands'
import type { PaletteNavigation } from './usePaletteNavigation'
import type { Choice } from './useSubjects'
import type { Viewer } from './useViewer'

type Given = {
  viewer: Viewer
  navigation: PaletteNavigation
  /** The page's. */
  subject: Subject | null
  onChoose: (choice: Choice) => void
  onShowKeys: () => void
}

/** Returns all commands that the viewer may run: those for the page's subject, those without one,
 *  and those that ask for one. */
export function useCommands({ viewer, navigation, subject, onChoose, onShowKeys }: Given) {
  const settings = useSettingCommands(viewer.isAdmin, navigation)
  const own = subject ? subjectCommands(subject, viewer, navigation) : []
  const plain = [
    newTaskCommand('', navigation),
    ...pageCommands(viewer, navigation),
    ...browserCommands({ readAll: navigation.readAll, showKeys: onShowKeys }),
  ]
  const asking = choices(viewer)
    .filter(({ kind }) => kind !== subject?.kind)
    .map((choice) => askingCommand(choice, onChoose))
  return { own, plain, searched: [...own, ...plain, ...asking, ...settings] }
}

export function newTaskCommand(q: string, navigation: PaletteNavigation): Command {
  return {
    id: `newTask ${q}`,
    names: inBothLanguages((strings) => strings.newTask(q)),
    icon: Plus,
    keys: 'c',
    run: () => navigation.newTask(q),
  }
}

export function allTasksCommand(q: string, navigation: PaletteNavigation): Command {
  const run = () => navigation.open(`/tasks?${new URLSearchParams({ q })}`)
  return { id: 'all', names: [paletteStrings().all(q)], icon: List, run }
}

/** Returns the commands for a subject that the viewer may run for some. */
function choices(viewer: Viewer): Choice[] {
  const may = <T>({ isFor }: SubjectCommand<T>) => isFor?.(viewer) ?? true
  return [
    ...taskCommands.filter(may).map((command) => ({ kind: 'task' as const, command })),
    ...machineCommands.filter(may).map((command) => ({ kind: 'machine' as const, command })),
    ...projectCommands.filter(may).map((command) => ({ kind: 'project' as const, command })),
  ]
}

const ICONS = { task: List, machine: Server, project: FolderGit2 }

function askingCommand(choice: Choice, onChoose: (choice: Choice) => void): Command {
  const { id } = choice.command
  return {
    id: `choose ${id}`,
    names: inBothLanguages(({ commands }) => `${commands[id]} …`),
    icon: ICONS[choice.kind],
    isOpenAfter: true,
    run: () => onChoose(choice),
  }
}
