import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { LIMITS, type Limit } from '../../lib/limits'
import type { PendingGate } from '../../queries/gates'
import { Button } from '../../ui/Button'
import { useKeys } from '../../ui/keys'
import { words } from '../../words'
import styles from './Gate.module.css'
import type { Send } from './options'

/** Go on with so much more, or stop. Fields that are left empty: as much as the budget has. */
export function BudgetAnswer(props: {
  gate: PendingGate
  isOff: boolean
  hasKeys: boolean
  send: Send
}) {
  const { isOff, send, hasKeys } = props
  const [more, setMore] = useState<Partial<Record<Limit, string>>>({})
  const limited = limitedOf(props.gate)
  const goOn = () => send({ result: 'continue', budget: budgetOf(more) })
  const stop = () => send({ result: 'stop' })
  useKeys(
    'here',
    isOff || !hasKeys
      ? []
      : [
          { key: '1', what: words.gate.goOn, do: goOn },
          { key: '2', what: words.gate.stop, do: stop },
        ],
  )
  return (
    <div className={styles.answers}>
      <fieldset className={styles.more}>
        <legend className="label">{words.gate.howMuch}</legend>
        {limited.map((figure) => (
          <label key={figure} className="field">
            <span className="hint">{words.forms.limits[figure]}</span>
            <input
              className="input"
              type="number"
              min={figure === 'cost' ? 0.01 : 1}
              step={figure === 'cost' ? 'any' : 1}
              placeholder={words.gate.asMuchAgain}
              value={more[figure] ?? ''}
              disabled={isOff}
              onChange={(event) => setMore({ ...more, [figure]: event.target.value })}
            />
          </label>
        ))}
      </fieldset>
      <div className="row wrap">
        <Button look="main" hint={hasKeys ? '1' : undefined} disabled={isOff} onClick={goOn}>
          {words.gate.goOn}
        </Button>
        <Button look="bad" hint={hasKeys ? '2' : undefined} disabled={isOff} onClick={stop}>
          {words.gate.stop}
        </Button>
      </div>
    </div>
  )
}

/** The figures that the budgets which are used up have. */
function limitedOf({ budgets }: PendingGate): Limit[] {
  return LIMITS.filter((figure) => budgets?.some(({ budget }) => budget[figure] != null))
}

function budgetOf(more: Partial<Record<Limit, string>>): Schemas['Budget'] | null {
  const said = LIMITS.flatMap((figure) => {
    const much = Number(more[figure] ?? '')
    return much > 0 ? [[figure, much] as const] : []
  })
  return said.length === 0 ? null : Object.fromEntries(said)
}
