import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { LIMITS, type Limit } from '../../lib/form/limits'
import type { PendingGate } from '../../queries/gates'
import { Button } from '../controls/Button'
import { useShortcuts } from '../hooks/shortcuts'
import type { Send } from './answerOptions'
import { EndTaskPrompt } from './EndTaskPrompt'
import styles from './Gate.module.css'

/** Answers to a spent budget: raise it and continue, or stop. An empty field adds as much as the
 *  budget has. */
export function BudgetAnswer(props: {
  taskId: number
  gate: PendingGate
  isOff: boolean
  hasKeys: boolean
  send: Send
}) {
  const { isOff, send, hasKeys } = props
  const [more, setMore] = useState<Partial<Record<Limit, string>>>({})
  const limited = limitedFigures(props.gate)
  const resume = () => send({ result: 'continue', budget: readBudget(more) })
  const [isEnding, end] = useState(false)
  useShortcuts(
    'here',
    isOff || !hasKeys ? [] : [{ key: '1', what: strings.gate.continueTask, do: resume }],
  )
  return (
    <div className={styles.answers}>
      <fieldset className={styles.more}>
        <legend className="label">{strings.gate.howMuch}</legend>
        {limited.map((figure) => (
          <label key={figure} className="field">
            <span className="hint">{strings.forms.limits[figure]}</span>
            <input
              className="input"
              type="number"
              min={figure === 'cost' ? 0.01 : 1}
              step={figure === 'cost' ? 'any' : 1}
              placeholder={strings.gate.asMuchAgain}
              value={more[figure] ?? ''}
              disabled={isOff}
              onChange={(event) => setMore({ ...more, [figure]: event.target.value })}
            />
          </label>
        ))}
      </fieldset>
      <div className="row wrap">
        <Button variant="main" hint={hasKeys ? '1' : undefined} disabled={isOff} onClick={resume}>
          {strings.gate.continueTask}
        </Button>
        <Button variant="bad" disabled={isOff} onClick={() => end(true)}>
          {strings.gate.stop}
        </Button>
      </div>
      {isEnding && (
        <EndTaskPrompt
          taskId={props.taskId}
          ending="stop"
          comment={null}
          isOff={isOff}
          onEnd={() => send({ result: 'stop' })}
          onClose={() => end(false)}
        />
      )}
    </div>
  )
}

/** Returns the figures that the spent budgets limit. */
function limitedFigures({ budgets }: PendingGate): Limit[] {
  return LIMITS.filter((figure) => budgets?.some(({ budget }) => budget[figure] != null))
}

function readBudget(more: Partial<Record<Limit, string>>): Schemas['Budget'] | null {
  const amounts = LIMITS.flatMap((figure) => {
    const much = Number(more[figure] ?? '')
    return much > 0 ? [[figure, much] as const] : []
  })
  return amounts.length === 0 ? null : Object.fromEntries(amounts)
}
