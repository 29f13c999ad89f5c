import { Fragment, memo, type ReactNode, useLayoutEffect, useMemo, useRef } from 'react'
import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { type LineSelection, lastLineKey } from '../model/lineSelection'
import { estimateHeight } from '../model/rowHeights'
import { counterparts, lineKeysOf, type Row } from '../model/rows'
import type { Thread } from '../model/threadPositions'
import { NewComment } from '../review/NewComment'
import { columnsOf, useReview } from '../review/reviewContext'
import { ThreadBox } from '../review/ThreadBox'
import { SplitRow } from './SplitRow'
import type { TokenColors } from './syntaxColors'
import { UnifiedRow } from './UnifiedRow'
import { useNearViewport } from './useNearViewport'

type Props = {
  file: Schemas['DiffFile']
  rows: Row[]
  threads: ReadonlyMap<string, Thread[]>
  colours: TokenColors
  columns: number
  marked: LineSelection | null
  isFirst: boolean
  onClose: (marked: LineSelection) => void
}

/** A chunk of rows, rendered while near the viewport; otherwise a placeholder of its height. */
export const Chunk = memo(function Chunk(props: Props) {
  const { file, rows, threads, colours, marked } = props
  const { layout } = useReview()
  const span = columnsOf[layout]
  const end = marked && lastLineKey(marked)
  const placed = useMemo(() => threadsUnderRows(rows, threads, end), [rows, threads, end])
  const height = useRef(0)
  const busy = useRef(false)
  busy.current = placed.hasForm
  const [ref, isNear] = useNearViewport<HTMLTableSectionElement>(
    (body) => !busy.current && !body.contains(document.activeElement),
  )
  const partners = useMemo(() => (isNear ? counterparts(rows) : new Map()), [isNear, rows])
  useLayoutEffect(() => {
    if (isNear && ref.current) height.current = ref.current.clientHeight
    // One tab stop per file; arrow keys move on from it.
    if (isNear && props.isFirst) {
      ref.current?.querySelector('[data-place]')?.setAttribute('tabindex', '0')
    }
  })
  if (!isNear) {
    const space = height.current || estimateHeight(rows, props.columns)
    return (
      <tbody ref={ref} data-places={placed.places}>
        <tr style={{ height: space }}>
          <td colSpan={span} />
        </tr>
      </tbody>
    )
  }
  return (
    <tbody ref={ref}>
      {rows.map((row, n) => (
        <Fragment key={row.key}>
          {row.kind === 'gap' && <Gap lines={row.lines} section={row.section} span={span} />}
          {row.kind === 'line' && (
            <UnifiedRow
              line={row.line}
              colours={colours}
              other={partners.get(row.line)}
              isNarrow={layout === 'narrow'}
            />
          )}
          {row.kind === 'pair' && <SplitRow row={row} colours={colours} others={partners} />}
          {placed.under[n]?.map((thread) => (
            <WideRow key={thread.id} span={span}>
              <ThreadBox thread={thread} />
            </WideRow>
          ))}
          {marked && placed.formUnder === n && (
            <WideRow span={span}>
              <NewComment file={file} marked={marked} onClose={() => props.onClose(marked)} />
            </WideRow>
          )}
        </Fragment>
      ))}
    </tbody>
  )
})

function WideRow({ span, children }: { span: number; children: ReactNode }) {
  return (
    <tr>
      <td colSpan={span}>{children}</td>
    </tr>
  )
}

function Gap({ lines, section, span }: { lines: number; section: string; span: number }) {
  return (
    <tr className="h">
      <td className="n" colSpan={span === 3 ? 2 : 1}>
        ⋯
      </td>
      <td className="c" colSpan={span === 4 ? 3 : 1}>
        {strings.diff.unchanged(lines)}
        {section && ` · ${section}`}
      </td>
    </tr>
  )
}

/** Returns the threads under each row, and their IDs, by which a placeholder is found. */
function threadsUnderRows(rows: Row[], threads: ReadonlyMap<string, Thread[]>, end: string | null) {
  const under: (Thread[] | undefined)[] = []
  let formUnder = -1
  if (threads.size > 0 || end !== null) {
    for (const [n, row] of rows.entries()) {
      const places = lineKeysOf(row)
      const found = places.flatMap((place) => threads.get(place) ?? [])
      if (found.length > 0) under[n] = found
      if (end !== null && places.includes(end)) formUnder = n
    }
  }
  const places = under.flatMap((some) => some?.map(({ id }) => `t${id}`) ?? []).join(' ')
  return { under, formUnder, hasForm: formUnder >= 0, places: places || undefined }
}
