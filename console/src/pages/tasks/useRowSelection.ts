import { useMemo, useState } from 'react'
import type { Row } from '../../lib/task/tableRows'

/** Tracks which rows are selected. A row that disappears is deselected. */
export function useRowSelection(rows: Row[]) {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set())
  const chosen = useMemo(
    () => (ids.size === 0 ? [] : rows.filter(({ id }) => ids.has(id))),
    [rows, ids],
  )
  return {
    ids,
    rows: chosen,
    toggle: (id: number) =>
      setIds((before) => {
        const after = new Set(before)
        if (!after.delete(id)) after.add(id)
        return after
      }),
    toggleAll: () =>
      setIds(chosen.length === rows.length ? new Set() : new Set(rows.map(({ id }) => id))),
    clear: () => setIds(new Set()),
  }
}
