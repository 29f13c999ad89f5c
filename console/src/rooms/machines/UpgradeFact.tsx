import type { Machine } from '../../lib/fleet'
import { seen } from '../../lib/seen'
import { words } from '../../words'
import { Fact } from './Fact'

/** States of which the machine's own words tell more than ours. */
const TOLD = new Set<string>(['kept', 'preparing', 'waiting', 'failed'])

/** What version it is to take, and what keeps it from that; nothing of one that runs the server's. */
export function UpgradeFact({ machine: { upgrade } }: { machine: Machine }) {
  if (upgrade.state === 'current') return null
  const { upgrade: name, upgrades, upgradeTo } = words.machines
  return (
    <Fact name={name}>
      {upgrade.offered && <strong>{upgradeTo(upgrade.offered)} </strong>}
      {upgrades[upgrade.state] ?? upgrade.state}
      {TOLD.has(upgrade.state) && <span className="dim"> {seen(upgrade.reason ?? '')}</span>}
    </Fact>
  )
}
