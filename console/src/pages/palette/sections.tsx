/** What the palette lists, in order. */
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { paletteStrings } from '../../i18n/palette'
import type { Command, Subject } from './command'
import { CommandHit, MachineHit, ProjectHit, TaskHit } from './hits'
import { matchItems } from './matching'
import { subjectCommands, subjectName } from './subjectCommands'
import { allTasksCommand, newTaskCommand, type useCommands } from './useCommands'
import type { PaletteNavigation } from './usePaletteNavigation'
import { firstSubject } from './useSubjects'
import type { Viewer } from './useViewer'

export type Section = { title: string; entries: { value: string; node: ReactNode }[] }
export type Run = (command: Pick<Command, 'run' | 'isOpenAfter'>) => void

/** How many commands of the first hit are listed; the others are found on its page. */
const MAX_HIT_COMMANDS = 8

type Found = Pick<Schemas['SearchResults'], 'tasks'> & {
  machines: Pick<Schemas['MachineResult'], 'id' | 'name'>[]
  projects: Pick<Schemas['ProjectResult'], 'key' | 'name'>[]
}

type Given = {
  q: string
  found: Schemas['SearchResults'] | undefined
  commands: ReturnType<typeof useCommands>
  /** The page's. */
  subject: Subject | null
  viewer: Viewer
  navigation: PaletteNavigation
  onRun: Run
}

/** Commands that are named as you typed come first: they are there at once, so that nothing that is
 *  found later moves them. */
export function listSections({ q, found, commands, subject, viewer, navigation, onRun }: Given) {
  const texts = paletteStrings()
  const section = (title: string, some: Command[]) => commandSection(title, some, q, onRun)
  if (q === '') {
    const title = subject ? texts.commandsFor(subjectName(subject)) : ''
    return filled([section(title, commands.own), section(texts.act, commands.plain)])
  }
  const { best, others } = matchItems(commands.searched, q, ({ names }) => names)
  const first = firstSubject(found)
  const isOther = first && (!subject || subjectName(first) !== subjectName(subject))
  const ofFirst = isOther
    ? subjectCommands(first, viewer, navigation).slice(0, MAX_HIT_COMMANDS)
    : []
  const [firstHits, ...otherHits] = hitSections(found, q, {
    task: ({ id }) => onRun({ run: () => navigation.open(`/tasks/${id}`) }),
    machine: ({ id }) => onRun({ run: () => navigation.open(`/machines/${id}`) }),
    project: ({ key }) =>
      onRun({ run: () => navigation.open(`/projects/${encodeURIComponent(key)}`) }),
  })
  const rest = [...others, newTaskCommand(q, navigation), allTasksCommand(q, navigation)]
  return filled([
    section(texts.act, best),
    ...(firstHits ? [firstHits] : []),
    section(first ? texts.commandsFor(subjectName(first)) : '', ofFirst),
    ...otherHits,
    section(best.length > 0 ? texts.otherCommands : texts.act, rest),
  ])
}

type OnSelect<Hits extends Found> = {
  task: (task: Hits['tasks'][number]) => void
  machine: (machine: Hits['machines'][number]) => void
  project: (project: Hits['projects'][number]) => void
}

/** Returns a section for each kind that was found. */
export function hitSections<Hits extends Found>(
  found: Hits | undefined,
  q: string,
  onSelect: OnSelect<Hits>,
): Section[] {
  if (!found) return []
  const texts = paletteStrings()
  const tasks = found.tasks.map((task) => ({
    value: `task ${task.id}`,
    node: <TaskHit task={task} q={q} onSelect={() => onSelect.task(task)} />,
  }))
  const machines = found.machines.map((machine) => ({
    value: `machine ${machine.id}`,
    node: <MachineHit machine={machine} q={q} onSelect={() => onSelect.machine(machine)} />,
  }))
  const projects = found.projects.map((project) => ({
    value: `project ${project.key}`,
    node: <ProjectHit project={project} q={q} onSelect={() => onSelect.project(project)} />,
  }))
  return filled([
    { title: texts.tasks, entries: tasks },
    { title: texts.machines, entries: machines },
    { title: texts.projects, entries: projects },
  ])
}

function commandSection(title: string, commands: Command[], q: string, onRun: Run): Section {
  const entries = commands.map((command) => ({
    value: `act ${command.id}`,
    node: <CommandHit command={command} q={q} onSelect={() => onRun(command)} />,
  }))
  return { title, entries }
}

const filled = (sections: Section[]) => sections.filter(({ entries }) => entries.length > 0)
