/** The machines, their tasks, their load, and draining. */
import {
  type InfiniteData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { applyUpdates, changeMachines, type MachineUpdate } from '../lib/machine/machines'
import { fetchAllPages } from './pagination'

type Machine = Schemas['Machine']
type MachinePages = InfiniteData<{ items: Machine[]; nextCursor: string | null }>

const pathParams = (machineId: string) => ({ params: { path: { machineId } } })
const PRESENT = 'online,offline,draining,drained'
const SAMPLES_MILLISECONDS = 60_000

/** All machines except decommissioned ones. The stream updates them. */
const machines = queryOptions({
  queryKey: ['machines', 'all'],
  queryFn: () =>
    fetchAllPages((cursor) => {
      const query = { limit: 200, cursor, status: PRESENT }
      return data(api.GET('/api/web/machines', { params: { query } }))
    }),
})

/** Whether there is a machine. Fetched whenever a page that depends on it opens. */
const anyMachine = queryOptions({
  queryKey: ['machines', 'any'],
  queryFn: async () => {
    const query = { limit: 1, status: PRESENT }
    return (await data(api.GET('/api/web/machines', { params: { query } }))).items.length > 0
  },
  staleTime: 0,
})

/** The last day of each machine, by half hours. The past doesn't change, so it is fetched again
 *  only when the page opens. */
const machineDays = queryOptions({
  queryKey: ['machine-days'],
  queryFn: () =>
    fetchAllPages((cursor) =>
      data(api.GET('/api/web/machines/-/samples', { params: { query: { limit: 50, cursor } } })),
    ),
  staleTime: 5 * SAMPLES_MILLISECONDS,
})

/** The tasks on machines that the user can see. */
const tasksOnMachines = queryOptions({
  queryKey: ['tasks', 'on-machines'],
  queryFn: () =>
    fetchAllPages((cursor) => {
      const query = { limit: 200, cursor, status: 'assigned,running,suspended' }
      return data(api.GET('/api/web/tasks', { params: { query } }))
    }),
})

const machine = (machineId: string) =>
  queryOptions({
    queryKey: ['machine', machineId],
    queryFn: () => data(api.GET('/api/web/machines/{machineId}', pathParams(machineId))),
  })

export type Step = Schemas['Samples']['step']

/** No stream sends samples: fetched again after a minute or an hour. */
const samples = (machineId: string, step: Step) =>
  queryOptions({
    queryKey: ['machine-samples', machineId, step],
    queryFn: () =>
      data(
        api.GET('/api/web/machines/{machineId}/samples', {
          params: { path: { machineId }, query: { step } },
        }),
      ),
    staleTime: SAMPLES_MILLISECONDS,
    refetchInterval: step === 'minute' ? SAMPLES_MILLISECONDS : 60 * SAMPLES_MILLISECONDS,
  })

/** From the list of all tasks, which also has why each waits. */
const machineTasks = (machineId: string) =>
  queryOptions({
    queryKey: ['tasks', 'of-machine', machineId],
    queryFn: async () => {
      const params = { query: { machineId, limit: 50 } }
      return (await data(api.GET('/api/web/tasks', { params }))).items
    },
  })

/** What a drain with this deadline would do with the machine's tasks. */
const drainPreview = (machineId: string, deadlineSeconds: number | null) =>
  queryOptions({
    queryKey: ['drain-plan', machineId, deadlineSeconds],
    queryFn: async () => {
      const params = { path: { machineId }, query: { dryRun: true } }
      const asked = { params, body: { deadlineSeconds } }
      return (await data(api.POST('/api/web/machines/{machineId}/drain', asked))).plan ?? []
    },
    staleTime: 0,
  })

export const useMachines = (enabled = true) => useQuery({ ...machines, enabled })
export const useHasMachine = () => useQuery(anyMachine).data
export const useMachineDays = () => useQuery(machineDays).data
export const useTasksOnMachines = () => useQuery(tasksOnMachines).data
export const useMachine = (machineId: string) => useQuery(machine(machineId))
export const useSamples = (machineId: string, step: Step) => useQuery(samples(machineId, step))
export const useMachineTasks = (machineId: string) => useQuery(machineTasks(machineId))
export const useDrainPreview = (machineId: string, seconds: number | null) =>
  useQuery(drainPreview(machineId, seconds))

export function useDrain(machineId: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['NewDrain']) =>
      data(api.POST('/api/web/machines/{machineId}/drain', { ...pathParams(machineId), body })),
    onSuccess: ({ plan: _, ...machine }) => updateCache(cache, machine),
  })
}

export function useUndrain() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (machineId: string) =>
      data(api.POST('/api/web/machines/{machineId}/undrain', pathParams(machineId))),
    onSuccess: (machine) => updateCache(cache, machine),
  })
}

function updateCache(cache: QueryClient, machine: Machine): void {
  applyMachineUpdates(cache, [machine])
}

/** Applies machine updates of the stream to all queries that show machines. Null: fetches them
 *  again. */
export function applyMachineUpdates(cache: QueryClient, news: MachineUpdate[] | null): void {
  if (news === null) {
    for (const key of ['machines', 'machine']) void cache.invalidateQueries({ queryKey: [key] })
    return
  }
  if (news.length === 0) return
  cache.setQueryData<Machine[]>(['machines', 'all'], (known) => known && applyUpdates(known, news))
  cache.setQueryData<MachinePages>(
    ['machines', 'admin'],
    (known) =>
      known && {
        ...known,
        pages: known.pages.map((page) => ({ ...page, items: changeMachines(page.items, news) })),
      },
  )
  for (const one of news) {
    cache.setQueryData<Machine>(['machine', one.id], (known) => known && { ...known, ...one })
  }
}
