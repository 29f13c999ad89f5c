import { RelativeTime } from '../../components/status/RelativeTime'
import { locale, strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { formatBytes, formatInteger } from '../../lib/format/numbers'
import { labelsOf, type Machine } from '../../lib/machine/machines'
import { Agents, SandboxLine } from './Agents'
import { Fact } from './Fact'
import styles from './machine.module.css'
import { UpgradeFact } from './UpgradeFact'

export function MachineFacts({ machine }: { machine: Machine }) {
  const texts = strings.machines
  const { os, arch, hostname, cpuCount = 0, memoryBytes = 0, diskBytes = 0 } = machine.hardware
  const labels = labelsOf(machine)
  const sizes = [
    cpuCount > 0 && texts.cpus(cpuCount),
    memoryBytes > 0 && texts.memorySize(formatBytes(memoryBytes, locale)),
    diskBytes > 0 && texts.diskSize(formatBytes(diskBytes, locale)),
  ]
  return (
    <>
      <section>
        <h2>{texts.agents}</h2>
        <Agents machine={machine} />
      </section>
      <section>
        <h2>{texts.facts}</h2>
        <dl className="facts">
          <Fact name={texts.sandbox}>
            <SandboxLine machine={machine} />
          </Fact>
          <Fact name={texts.labels}>
            <span className={styles.labels}>
              {labels.map((label) => (
                <span key={label} className="badge mono">
                  {label}
                </span>
              ))}
              {labels.length === 0 && <span className="dim">{texts.noLabels}</span>}
            </span>
          </Fact>
          <Fact name={texts.hardware}>
            {sizes.filter(Boolean).join(strings.common.separators.clause) || strings.common.unknown}
          </Fact>
          <Fact name={texts.system}>
            {[os, arch].filter(Boolean).join(', ') || strings.common.unknown}
          </Fact>
          <Fact name={texts.host}>{revealInvisible(hostname ?? '') || strings.common.unknown}</Fact>
          <Fact name={texts.worker}>
            {machine.version || strings.common.unknown}{' '}
            {machine.pinned && <span className="badge">{texts.pinned}</span>}
          </Fact>
          <UpgradeFact machine={machine} />
          <Fact name={texts.slots}>{formatInteger(machine.slots.total, locale)}</Fact>
          <Fact name={texts.lastSeen}>
            <RelativeTime at={machine.lastSeenAt} />
          </Fact>
          <Fact name={texts.since}>
            <RelativeTime at={machine.createdAt} />
          </Fact>
        </dl>
      </section>
    </>
  )
}
