import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { Machine } from '../../lib/machine/machines'
import { Fact } from './Fact'

/** States of which the machine's own words tell more than ours. */
const STATES_WITH_REASON = new Set<string>(['opted_out', 'preparing', 'waiting', 'failed'])

/** What version it is to take, and what keeps it from that; nothing of one that runs the server's. */
export function UpgradeFact({ machine: { upgrade } }: { machine: Machine }) {
  if (upgrade.state === 'current') return null
  const { upgrade: name, upgrades, upgradeTo } = strings.machines
  return (
    <Fact name={name}>
      {upgrade.offered && <strong>{upgradeTo(upgrade.offered)} </strong>}
      {upgrades[upgrade.state] ?? upgrade.state}
      {STATES_WITH_REASON.has(upgrade.state) && (
        <span className="dim"> {revealInvisible(upgrade.reason ?? '')}</span>
      )}
    </Fact>
  )
}
