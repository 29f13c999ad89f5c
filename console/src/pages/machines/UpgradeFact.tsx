import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { Machine } from '../../lib/machine/machines'
import { Fact } from './Fact'

/** States for which the machine reports a more precise reason. */
const STATES_WITH_REASON = new Set<string>(['opted_out', 'preparing', 'waiting', 'failed'])

/** The version to upgrade to, and what prevents it. Empty if it is the server's version. */
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
