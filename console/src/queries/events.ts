/** All events of a task; the task's stream appends new ones. */
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { mergeBy, StreamBuffer } from './streamBuffer'

type Event = Schemas['Event']
const PAGE = 200
const buffer = new StreamBuffer<Event>()

export const events = (taskId: number) =>
  queryOptions({
    queryKey: ['events', taskId],
    queryFn: async () => {
      const all: Event[] = []
      for (let total = 1; all.length < total; ) {
        const page = await data(
          api.GET('/api/web/tasks/{taskId}/events', {
            params: { path: { taskId }, query: { limit: PAGE, offset: all.length } },
          }),
        )
        all.push(...page.items)
        total = page.items.length === 0 ? 0 : page.total
      }
      return mergeEvents(all, buffer.get(`${taskId}/`))
    },
  })

export const useEvents = (taskId: number) => useQuery(events(taskId))

export function addEvents(cache: QueryClient, taskId: number, news: Event[]): void {
  buffer.add(`${taskId}/`, news)
  cache.setQueryData(events(taskId).queryKey, (known) => known && mergeEvents(known, news))
}

/** Fetches the events again if fewer than `count` are cached. */
export function catchUpEvents(cache: QueryClient, taskId: number, count: number): boolean {
  const { queryKey } = events(taskId)
  const known = cache.getQueryData(queryKey)
  if (known === undefined || known.length >= count) return false
  void cache.invalidateQueries({ queryKey })
  return true
}

export function forgetEvents(taskId: number): void {
  buffer.clear(`${taskId}/`)
}

function mergeEvents(known: readonly Event[], news: readonly Event[]): Event[] {
  return mergeBy(known, news, ({ id }) => id)
}
