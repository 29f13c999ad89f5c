/** What commands are about: the task, machine or project of the page, the first one found, or one to
 *  choose. */
import { useQueryClient } from '@tanstack/react-query'
import { useRouterState } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import type { Machine } from '../../lib/machine/machines'
import { useMachines } from '../../queries/machines'
import { type Project, useProjects } from '../../queries/projects'
import { useNewestTasks, useSearchResults } from '../../queries/search'
import type { TaskDetail } from '../../queries/task'
import type {
  Subject,
  SubjectCommand,
  SubjectMachine,
  SubjectProject,
  SubjectTask,
} from './command'
import { matchItems } from './matching'
import { isAllowed } from './subjectCommands'
import type { Viewer } from './useViewer'

type Results = Schemas['SearchResults']

/** Returns the subject of the page below the palette, if it has one that is loaded. */
export function usePageSubject(): Subject | null {
  const cache = useQueryClient()
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const [, page = '', id = ''] = path.split('/')
  if (page === 'tasks') {
    const on = cache.getQueryData<TaskDetail>(['task', Number(id)])
    return on ? { kind: 'task', on } : null
  }
  if (page === 'machines') {
    const on = cache.getQueryData<Machine>(['machine', id])
    return on ? { kind: 'machine', on } : null
  }
  if (page === 'projects') {
    const on = cache.getQueryData<Project>(['project', decodeURIComponent(id)])
    return on ? { kind: 'project', on } : null
  }
  return null
}

export function firstSubject(found: Results | undefined): Subject | null {
  const [task, machine, project] = [found?.tasks[0], found?.machines[0], found?.projects[0]]
  if (task) return { kind: 'task', on: task }
  if (machine) return { kind: 'machine', on: machine }
  return project ? { kind: 'project', on: project } : null
}

/** A command whose subject you are choosing. */
export type Choice =
  | { kind: 'task'; command: SubjectCommand<SubjectTask> }
  | { kind: 'machine'; command: SubjectCommand<SubjectMachine> }
  | { kind: 'project'; command: SubjectCommand<SubjectProject> }

/** Returns those that match `q` and that the viewer may run the chosen command for. */
export function useCandidates(choice: Choice | null, q: string, viewer: Viewer) {
  const { kind } = choice ?? {}
  const machines = useMachines(kind === 'machine').data ?? []
  const projects = useProjects().data ?? []
  const newest = useNewestTasks(kind === 'task') ?? []
  const found = useSearchResults(kind === 'task' ? q : '')
  const none = { tasks: [], machines: [], projects: [] }
  switch (choice?.kind) {
    case 'task': {
      const tasks = (q === '' ? newest : found?.tasks) ?? []
      return { ...none, tasks: tasks.filter((one) => isAllowed(choice.command, one, viewer)) }
    }
    case 'machine': {
      const offered = machines.filter((one) => isAllowed(choice.command, one, viewer))
      return { ...none, machines: matchAll(offered, q, ({ name }) => [name]) }
    }
    case 'project': {
      const offered = projects.filter((one) => isAllowed(choice.command, one, viewer))
      return { ...none, projects: matchAll(offered, q, ({ name, key }) => [name, key]) }
    }
  }
  return none
}

function matchAll<T>(items: T[], q: string, namesOf: (item: T) => string[]): T[] {
  const { best, others } = matchItems(items, q, namesOf)
  return [...best, ...others]
}
