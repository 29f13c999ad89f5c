import { locale, strings } from '../../i18n'
import { formatBytes } from '../../lib/format/numbers'
import type { Machine } from '../../lib/machine/machines'

/** Returns a line such as `Debian 13 · 8 CPUs · 32 GB · 0.9.2`, without what is unknown. */
export function hardwareSummary({ hardware, version }: Machine): string {
  const { os = '', cpuCount = 0, memoryBytes = 0 } = hardware
  const parts = [
    os,
    cpuCount > 0 && strings.machines.cpus(cpuCount),
    memoryBytes > 0 && formatBytes(memoryBytes, locale),
    version,
  ]
  return parts.filter(Boolean).join(' · ')
}
