import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { moveWritten } from '../../../lib/written'
import { Chunk } from './Chunk'
import { columnsIn } from './heights'
import { useColours } from './highlighting'
import { isMore, type Marked, markedAt, stretched, unmarked, writtenOn } from './marking'
import type { OfFile } from './placing'
import styles from './Rows.module.css'
import { useReview } from './review'
import { chunks, type Row, split, unified } from './rows'

type Props = { file: Schemas['DiffFile']; own: OfFile; isNear: boolean }

/** A file's lines, with what is said about them. */
export function Rows({ file, own, isNear }: Props) {
  const { task, commit, layout } = useReview()
  const isSplit = layout === 'split'
  const table = useRef<HTMLTableElement>(null)
  const [marked, setMarked] = useState<Marked | null>(null)
  const colours = useColours(file, isNear)
  const pieces = useMemo(
    () => chunks<Row>(isSplit ? split(file.hunks) : unified(file.hunks)),
    [file.hunks, isSplit],
  )
  const columns = columnsIn(table.current?.clientWidth ?? innerWidth * 0.6, isSplit)
  const close = useCallback((one: Marked) => setMarked((now) => unmarked(now, one)), [])

  const on = (lines: Marked) => writtenOn(task.id, commit, file.path, lines)
  const press = (event: MouseEvent) => {
    const place = placeOf(event.target)
    if (!place) return
    const next = event.shiftKey ? stretched(marked, place) : markedAt(place)
    if (event.shiftKey && isMore(marked, next)) moveWritten(on(marked), on(next))
    setMarked(next)
  }
  return (
    <table
      ref={table}
      className={`diff ${isSplit ? styles.split : styles.unified}`}
      style={{ ['--digits' as string]: digitsOf(file) }}
      aria-label={seen(file.path)}
      onClick={press}
      onKeyDown={walk}
    >
      <colgroup>
        {layout === 'unified' && <col className={styles.numbers} />}
        <col className={styles.numbers} />
        <col />
        {isSplit && <col className={styles.numbers} />}
        {isSplit && <col />}
      </colgroup>
      {pieces.map((rows, n) => (
        <Chunk
          key={`${layout} ${n}`}
          file={file}
          rows={rows}
          threads={own.lines}
          colours={colours}
          columns={columns}
          marked={marked}
          isFirst={n === 0}
          onClose={close}
        />
      ))}
    </table>
  )
}

/** From number to number by the arrows. */
function walk(event: KeyboardEvent<HTMLTableElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step || !placeOf(event.target)) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-place]')]
  const next = all[all.indexOf(event.target as HTMLElement) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}

function placeOf(target: EventTarget): string | undefined {
  return target instanceof HTMLElement ? target.dataset.place : undefined
}

function digitsOf(file: Schemas['DiffFile']): number {
  const last = file.hunks.at(-1)
  const most = last ? Math.max(last.oldStart + last.oldLines, last.newStart + last.newLines) : 1
  return Math.max(2, String(most).length)
}
