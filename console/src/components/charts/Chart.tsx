import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { locale, strings } from '../../i18n'
import { dayRange } from '../../lib/format/dailyUsage'
import styles from './Chart.module.css'

export type Line = {
  name: string
  /** A CSS custom property, such as `--running`. */
  color: `--${string}`
  isFilled?: boolean
  isDashed?: boolean
  isStepped?: boolean
  isBar?: boolean
  unit?: string
  /** The scale that the line uses; `y` by default. */
  scale?: string
}

const HEIGHT = 260

/** A time-series chart with a legend that shows the values at the pointer. The first column of
 *  `data` is in seconds. A table has the same values for screen readers. Loaded with the page that
 *  uses it. */
export function Chart(props: {
  label: string
  lines: readonly Line[]
  data: uPlot.AlignedData
  scales?: Record<string, [number, number]>
  /** Whether each value belongs to a day (UTC) instead of a point in time. */
  isDays?: boolean
}) {
  const { label, lines, data, scales = {}, isDays = false } = props
  const place = useRef<HTMLDivElement>(null)
  const shape = JSON.stringify([lines, scales, isDays])
  const chart = useRef<uPlot | null>(null)
  const latest = useRef(data)
  latest.current = data

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` serializes lines and scales
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const draw = () => {
      chart.current?.destroy()
      chart.current = new uPlot(
        optionsOf({ lines, scales, isDays }, element),
        latest.current,
        element,
      )
    }
    draw()
    const sizes = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    sizes.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    const theme = new MutationObserver(draw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      sizes.disconnect()
      theme.disconnect()
      dark.removeEventListener('change', draw)
      chart.current?.destroy()
      chart.current = null
    }
  }, [shape])
  useEffect(() => chart.current?.setData(data), [data])

  return (
    <figure className={styles.chart}>
      <div ref={place} role="img" aria-label={label} />
      <DataTable label={label} lines={lines} data={data} isDays={isDays} />
    </figure>
  )
}

const MAX_TABLE_ROWS = 48

/** The same values as a table, at most MAX_TABLE_ROWS of them, evenly spaced. */
function DataTable(props: {
  label: string
  lines: readonly Line[]
  data: uPlot.AlignedData
  isDays: boolean
}) {
  const { label, lines, data, isDays } = props
  const [times = [], ...columns] = data
  const every = Math.max(1, Math.ceil(times.length / MAX_TABLE_ROWS))
  const places = Array.from(times, (_, place) => place).filter((place) => place % every === 0)
  return (
    <details className={styles.numbers}>
      <summary>{strings.machines.showTable}</summary>
      <div className={styles.scroll}>
        <table className="table">
          <caption className="hidden">{label}</caption>
          <thead>
            <tr>
              <th scope="col">{strings.machines.time}</th>
              {lines.map(({ name }) => (
                <th key={name} scope="col" className="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {places.map((place) => (
              <tr key={place}>
                <td>{formatX(times[place] ?? 0, isDays)}</td>
                {lines.map((line, which) => (
                  <td key={line.name} className="num">
                    {formatValue(line, columns[which]?.[place])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

type Shape = {
  lines: readonly Line[]
  scales: Record<string, [number, number]>
  isDays: boolean
}

function optionsOf({ lines, scales, isDays }: Shape, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: token('--ink-3'),
    font: `11px ${token('--sans')}`,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      // With a single value, the range that uPlot passes has a thousand days.
      ...(isDays && { x: { range: (plot: uPlot) => dayRange(plot.data[0]) } }),
      ...Object.fromEntries(Object.entries(scales).map(([name, range]) => [name, { range }])),
    },
    axes: [
      { ...axis, values: (_, times) => times.map(clockOf(times)) },
      {
        ...axis,
        size: 44,
        values: (_, values) => values.map((value) => formatTick(value, lines[0])),
      },
    ],
    series: [
      {
        label: strings.machines.time,
        value: (_, value) => (value == null ? '–' : formatX(value, isDays)),
      },
      ...lines.map((line) => ({
        label: line.name,
        stroke: token(line.color),
        width: 1.25,
        scale: line.scale ?? 'y',
        fill: fillOf(line, token(line.color)),
        dash: line.isDashed ? [4, 4] : undefined,
        points: { show: false },
        paths: pathOf(line),
        value: (_: uPlot, value: number | null) => formatValue(line, value),
      })),
    ],
  }
}

function fillOf({ isFilled, isBar }: Line, colour: string): string | undefined {
  if (isBar) return colour
  return isFilled ? `${colour}22` : undefined
}

function pathOf(line: Line): uPlot.Series.PathBuilder | undefined {
  if (line.isStepped) return uPlot.paths.stepped?.({ align: 1 })
  if (line.isBar) return uPlot.paths.bars?.({ size: [0.7, 40] })
  return undefined
}

/** Formats times for a range of up to 36 hours, and dates for longer ones. */
function clockOf(times: readonly number[]) {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const isDays = span > 36 * 3600
  return (seconds: number) =>
    new Date(seconds * 1000).toLocaleString(
      locale,
      isDays
        ? { day: 'numeric', month: 'short' }
        : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    )
}

function formatX(seconds: number, isDays: boolean): string {
  const at = new Date(seconds * 1000)
  const day = { day: 'numeric', month: 'short' } as const
  if (isDays) return at.toLocaleDateString(locale, { ...day, timeZone: 'UTC' })
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return at.toLocaleString(locale, { ...day, ...time })
}

/** Abbreviates large numbers, because the axis is narrow: `7.5M`. */
function formatTick(value: number, line: Line | undefined): string {
  const notation = Math.abs(value) >= 10_000 ? 'compact' : 'standard'
  return `${value.toLocaleString(locale, { notation })}${line?.unit === '%' ? ' %' : ''}`
}

function formatValue({ unit }: Line, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const number = value.toLocaleString(locale, { maximumFractionDigits: unit === '%' ? 0 : 2 })
  return unit ? `${number} ${unit}` : number
}
