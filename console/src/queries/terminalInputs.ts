import { queryOptions } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

const PAGE = 200
const MAX_INPUTS = 1000

/** Fetches who typed into the task's terminals, when and how much; for maintainers and admins. */
export const terminalInputs = (taskId: number) =>
  queryOptions({
    queryKey: ['inputs', taskId],
    queryFn: async () => {
      const all: Schemas['TerminalInput'][] = []
      for (let cursor: string | null | undefined; cursor !== null && all.length < MAX_INPUTS; ) {
        const params = { path: { taskId }, query: { limit: PAGE, cursor } }
        const page = await data(api.GET('/api/web/tasks/{taskId}/terminal-inputs', { params }))
        all.push(...page.items)
        cursor = page.nextCursor
      }
      return all
    },
  })
