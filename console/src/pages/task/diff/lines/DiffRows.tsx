import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { commentKey } from '../../../../lib/diff/unsavedComments'
import { moveUnsavedInput } from '../../../../lib/form/unsavedInput'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import {
  clearSelection,
  commentPlace,
  extendSelection,
  isExtension,
  type LineSelection,
  selectLine,
} from '../model/lineSelection'
import { columnsIn } from '../model/rowHeights'
import { chunkRows, type Row, splitRows, unifiedRows } from '../model/rows'
import type { FileThreads } from '../model/threadPositions'
import { useReview } from '../review/reviewContext'
import { Chunk } from './Chunk'
import styles from './DiffRows.module.css'
import { useTokenColors } from './syntaxColors'

type Props = { file: Schemas['DiffFile']; own: FileThreads; isNear: boolean }

/** A file's lines, with their threads. */
export function DiffRows({ file, own, isNear }: Props) {
  const { task, commit, layout } = useReview()
  const isSplit = layout === 'split'
  const table = useRef<HTMLTableElement>(null)
  const [marked, setMarked] = useState<LineSelection | null>(null)
  const colours = useTokenColors(file, isNear)
  const pieces = useMemo(
    () => chunkRows<Row>(isSplit ? splitRows(file.hunks) : unifiedRows(file.hunks)),
    [file.hunks, isSplit],
  )
  const columns = columnsIn(table.current?.clientWidth ?? innerWidth * 0.6, isSplit)
  const close = useCallback(
    (one: LineSelection) => setMarked((now) => clearSelection(now, one)),
    [],
  )

  const on = (lines: LineSelection) => commentKey(task.id, commentPlace(commit, file, lines))
  const press = (event: MouseEvent) => {
    const place = lineKeyOf(event.target)
    if (!place) return focusTappedLine(event)
    const next = event.shiftKey ? extendSelection(marked, place) : selectLine(place)
    if (event.shiftKey && isExtension(marked, next)) moveUnsavedInput(on(marked), on(next))
    setMarked(next)
  }
  return (
    <table
      ref={table}
      className={`diff ${isSplit ? styles.split : styles.unified}`}
      style={{ ['--digits' as string]: digitsOf(file) }}
      aria-label={revealInvisible(file.path)}
      onClick={press}
      onKeyDown={moveFocus}
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

/** Moves the focus between line numbers with the arrow keys. */
function moveFocus(event: KeyboardEvent<HTMLTableElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step || !lineKeyOf(event.target)) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-place]')]
  const next = all[all.indexOf(event.target as HTMLElement) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}

/** Shows the sign of a comment on a tapped line; a mouse shows it before the click. */
function focusTappedLine({ target }: MouseEvent): void {
  if (!(target instanceof Element) || !matchMedia('(hover: none)').matches) return
  const cell = target.closest('td.c')
  const number = cell?.parentElement?.querySelectorAll<HTMLElement>('[data-place]')
  const own = [...(number ?? [])].findLast((one) => one.compareDocumentPosition(target) & 4)
  own?.focus({ preventScroll: true })
}

function lineKeyOf(target: EventTarget): string | undefined {
  return target instanceof HTMLElement ? target.dataset.place : undefined
}

function digitsOf(file: Schemas['DiffFile']): number {
  const last = file.hunks.at(-1)
  const most = last ? Math.max(last.oldStart + last.oldLines, last.newStart + last.newLines) : 1
  return Math.max(2, String(most).length)
}
