import { X } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { saveSettings } from '../../queries/adminSettings'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormError } from '../../ui/FormError'
import { say } from '../../ui/toasts'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './admin.module.css'
import { blank, type PriceText, pricesOf, priceText } from './priceTexts'

/** What a million tokens cost. The first that fits counts, so their order matters. */
export function Prices({ registry }: { registry: Schemas['Setting'][] }) {
  const kept = registry.find(({ key }) => key === 'prices')?.value
  const [rows, set] = useState<PriceText[]>(Array.isArray(kept) ? kept.map(priceText) : [])
  const form = useForm(
    () => saveSettings({ prices: pricesOf(rows) }),
    () => say(words.common.saved),
  )
  const change = (place: number, changes: Partial<PriceText>) =>
    set(rows.map((row, at) => (at === place ? { ...row, ...changes } : row)))
  return (
    <form className={styles.prices} onSubmit={form.onSubmit}>
      <p className={styles.about}>{words.settings.pricesAbout}</p>
      {rows.length === 0 && <p className="dim">{words.settings.noPrices}</p>}
      {rows.map((row, place) => (
        <Row
          key={row.id}
          row={row}
          place={place}
          onChange={(changes) => change(place, changes)}
          onRemove={() => set(rows.filter((one) => one !== row))}
        />
      ))}
      <FormError form={form} />
      <div className="row">
        <Button look="main" type="submit" disabled={form.isBusy}>
          {words.settings.savePrices}
        </Button>
        <Button onClick={() => set([...rows, blank()])}>{words.settings.addPrice}</Button>
      </div>
    </form>
  )
}

type RowProps = {
  row: PriceText
  place: number
  onChange: (changes: Partial<PriceText>) => void
  onRemove: () => void
}

function Row({ row, place, onChange, onRemove }: RowProps) {
  const named = (what: string) => ({ 'aria-label': words.settings.ofPrice(what, place + 1) })
  return (
    <div className={styles.price}>
      <Field label={words.settings.agent}>
        <input
          className="input"
          placeholder={words.settings.anyAgent}
          value={row.agent}
          onChange={(event) => onChange({ agent: event.target.value })}
          {...named(words.settings.agent)}
        />
      </Field>
      <Field label={words.settings.model}>
        <input
          className="input mono"
          required
          value={row.model}
          onChange={(event) => onChange({ model: event.target.value })}
          {...named(words.settings.model)}
        />
      </Field>
      {(['input', 'cached', 'output', 'reasoning'] as const).map((what) => (
        <Field key={what} label={words.settings[what]}>
          <input
            className="input"
            type="number"
            min={0}
            max={10_000}
            step="any"
            required={what === 'input' || what === 'output'}
            value={row[what]}
            onChange={(event) => onChange({ [what]: event.target.value })}
            {...named(words.settings[what])}
          />
        </Field>
      ))}
      <Button
        look="quiet"
        size="square"
        aria-label={words.settings.removePrice(row.model || String(place + 1))}
        onClick={onRemove}
      >
        <X className="i" aria-hidden="true" />
      </Button>
    </div>
  )
}
