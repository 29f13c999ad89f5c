import { labelsOf, type Machine } from '../../lib/fleet'
import { bytes, whole } from '../../lib/numbers'
import { seen } from '../../lib/seen'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import { Agents, RoomLine } from './Agents'
import { Fact } from './Fact'
import styles from './machine.module.css'
import { UpgradeFact } from './UpgradeFact'

export function MachineFacts({ machine }: { machine: Machine }) {
  const say = words.machines
  const { os, arch, hostname, cpuCount = 0, memoryBytes = 0, diskBytes = 0 } = machine.hardware
  const labels = labelsOf(machine)
  const sizes = [
    cpuCount > 0 && say.cpus(cpuCount),
    memoryBytes > 0 && `${say.memory} ${bytes(memoryBytes, locale)}`,
    diskBytes > 0 && `${say.disk} ${bytes(diskBytes, locale)}`,
  ]
  return (
    <>
      <section>
        <h2>{say.agents}</h2>
        <Agents machine={machine} />
      </section>
      <section>
        <h2>{say.facts}</h2>
        <dl className="facts">
          <Fact name={say.room}>
            <RoomLine machine={machine} />
          </Fact>
          <Fact name={say.labels}>
            <span className={styles.labels}>
              {labels.map((label) => (
                <span key={label} className="badge mono">
                  {label}
                </span>
              ))}
              {labels.length === 0 && <span className="dim">{say.noLabels}</span>}
            </span>
          </Fact>
          <Fact name={say.hardware}>
            {sizes.filter(Boolean).join(', ') || words.common.notTold}
          </Fact>
          <Fact name={say.system}>
            {[os, arch].filter(Boolean).join(', ') || words.common.notTold}
          </Fact>
          <Fact name={say.host}>{seen(hostname ?? '') || words.common.notTold}</Fact>
          <Fact name={say.worker}>
            {machine.version || words.common.notTold}{' '}
            {machine.pinned && <span className="badge">{say.pinned}</span>}
          </Fact>
          <UpgradeFact machine={machine} />
          <Fact name={say.slots}>{whole(machine.slots.total, locale)}</Fact>
          <Fact name={say.lastSeen}>
            <When at={machine.lastSeenAt} />
          </Fact>
          <Fact name={say.since}>
            <When at={machine.createdAt} />
          </Fact>
        </dl>
      </section>
    </>
  )
}
