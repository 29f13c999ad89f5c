import type { Machine } from '../../lib/fleet'
import { bytes } from '../../lib/numbers'
import { locale, words } from '../../words'

/** `Debian 13 · 8 CPUs · 32 GB · 0.9.2`: what has been told of it. */
export function subline({ hardware, version }: Machine): string {
  const { os = '', cpuCount = 0, memoryBytes = 0 } = hardware
  const told = [
    os,
    cpuCount > 0 && words.machines.cpus(cpuCount),
    memoryBytes > 0 && bytes(memoryBytes, locale),
    version,
  ]
  return told.filter(Boolean).join(' · ')
}
