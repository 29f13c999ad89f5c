/** A task's events, all of them; the task's stream adds what is new. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

type Event = Schemas['Event']
const PAGE = 200

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
      return all
    },
  })

export const useEvents = (taskId: number) => useQuery(events(taskId))

/** Both, each event once, in their order. */
export function merged(known: readonly Event[], news: readonly Event[]): Event[] {
  const last = known.at(-1)?.id ?? 0
  const fresh = news.filter(({ id }) => id > last)
  return fresh.length === 0 ? (known as Event[]) : [...known, ...fresh]
}
