import { Fragment, memo, useLayoutEffect, useMemo, useRef } from 'react'
import type { Schemas } from '../../../api/client'
import { words } from '../../../words'
import { heightOf } from './heights'
import type { Colours } from './highlighting'
import { endOf, type Marked } from './marking'
import { NewComment } from './NewComment'
import { useNear } from './near'
import type { Thread } from './placing'
import { columnsOf, useReview } from './review'
import { others, placesOf, type Row } from './rows'
import { SplitRow } from './SplitRow'
import { ThreadBox } from './ThreadBox'
import { UnifiedRow } from './UnifiedRow'

type Props = {
  file: Schemas['DiffFile']
  rows: Row[]
  threads: ReadonlyMap<string, Thread[]>
  colours: Colours
  columns: number
  marked: Marked | null
  isFirst: boolean
  onClose: (marked: Marked) => void
}

/** Some rows, drawn while they are near; before, and after, a space as high as they are. */
export const Chunk = memo(function Chunk(props: Props) {
  const { file, rows, threads, colours, marked } = props
  const { layout } = useReview()
  const span = columnsOf[layout]
  const end = marked && endOf(marked)
  const said = useMemo(() => saidOf(rows, threads, end), [rows, threads, end])
  const height = useRef(0)
  const busy = useRef(false)
  busy.current = said.hasForm
  const [ref, isNear] = useNear<HTMLTableSectionElement>(
    (body) => !busy.current && !body.contains(document.activeElement),
  )
  const partners = useMemo(() => (isNear ? others(rows) : new Map()), [isNear, rows])
  useLayoutEffect(() => {
    if (isNear && ref.current) height.current = ref.current.clientHeight
    // One tab stop a file, from which the arrows go on.
    if (isNear && props.isFirst) {
      ref.current?.querySelector('[data-place]')?.setAttribute('tabindex', '0')
    }
  })
  if (!isNear) {
    const space = height.current || heightOf(rows, props.columns)
    return (
      <tbody ref={ref} data-places={said.places}>
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
          {said.under[n]?.map((thread) => (
            <tr key={thread.id}>
              <td colSpan={span}>
                <ThreadBox thread={thread} />
              </td>
            </tr>
          ))}
          {marked && said.formUnder === n && (
            <tr>
              <td colSpan={span}>
                <NewComment file={file} marked={marked} onClose={() => props.onClose(marked)} />
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </tbody>
  )
})

function Gap({ lines, section, span }: { lines: number; section: string; span: number }) {
  return (
    <tr className="h">
      <td className="n" colSpan={span === 3 ? 2 : 1}>
        ⋯
      </td>
      <td className="c" colSpan={span === 4 ? 3 : 1}>
        {words.diff.unchanged(lines)}
        {section && ` · ${section}`}
      </td>
    </tr>
  )
}

/** What stands under each row, and the threads' ids, by which a space can be found. */
function saidOf(rows: Row[], threads: ReadonlyMap<string, Thread[]>, end: string | null) {
  const under: (Thread[] | undefined)[] = []
  let formUnder = -1
  if (threads.size > 0 || end !== null) {
    for (const [n, row] of rows.entries()) {
      const places = placesOf(row)
      const found = places.flatMap((place) => threads.get(place) ?? [])
      if (found.length > 0) under[n] = found
      if (end !== null && places.includes(end)) formUnder = n
    }
  }
  const places = under.flatMap((some) => some?.map(({ id }) => `t${id}`) ?? []).join(' ')
  return { under, formUnder, hasForm: formUnder >= 0, places: places || undefined }
}
