import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

export type AuditFilter = {
  actor?: string
  action?: string
  targetType?: string
  targetId?: string
  from?: string
  to?: string
}

const entries = (filter: AuditFilter) =>
  cursorList(['admin', 'audit', filter], (cursor) =>
    data(api.GET('/api/admin/audit-logs', { params: { query: { ...filter, cursor } } })),
  )

export const useAudit = (filter: AuditFilter) => useInfiniteQuery(entries(filter))

export const refreshAudit = () => cache.invalidateQueries({ queryKey: ['admin', 'audit'] })
