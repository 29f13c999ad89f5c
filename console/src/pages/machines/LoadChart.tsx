import 'uplot/dist/uPlot.min.css'
import type uPlot from 'uplot'
import type { Schemas } from '../../api/client'
import { Chart, type Line } from '../../components/charts/Chart'
import { strings } from '../../i18n'
import { columnsOf } from '../../lib/machine/samples'

const MINUTE_SECONDS = 60
const DAY_SECONDS = 24 * 3600

/** A chart of CPU, memory and disk in percent, and of the used slots. */
export default function LoadChart(props: {
  samples: Schemas['Samples']
  slots: number
  label: string
}) {
  const { samples, slots, label } = props
  const isHours = samples.step === 'hour'
  const lines: Line[] = [
    { name: strings.machines.cpu, color: '--running', isFilled: true, unit: '%' },
    ...(isHours
      ? [
          {
            name: strings.machines.highest,
            color: '--assigned',
            isDashed: true,
            unit: '%',
          } as const,
        ]
      : []),
    { name: strings.machines.memory, color: '--completed', unit: '%' },
    { name: strings.machines.disk, color: '--ink-3', unit: '%' },
    { name: strings.machines.slotsUsed, color: '--needs', isStepped: true, scale: 'slots' },
  ]
  const { at, cpuPercent, cpuHighest, memoryPercent, diskPercent, slotsUsed } = samples
  const step = isHours ? 60 * MINUTE_SECONDS : MINUTE_SECONDS
  const all = [cpuPercent, ...(isHours ? [cpuHighest] : []), memoryPercent, diskPercent, slotsUsed]
  const data = columnsOf(at, all, step) as uPlot.AlignedData
  return (
    <Chart
      label={label}
      lines={lines}
      data={data}
      scales={{ ...(!isHours && { x: lastDay(at) }), y: [0, 100], slots: [0, Math.max(1, slots)] }}
    />
  )
}

/** Returns the 24 hours before the last sample, so that gaps before the first are visible. */
function lastDay(at: readonly string[]): [number, number] {
  const end = Date.parse(at.at(-1) ?? new Date().toISOString()) / 1000
  return [end - DAY_SECONDS, end]
}
