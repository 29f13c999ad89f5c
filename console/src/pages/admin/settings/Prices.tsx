import { X } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { Field } from '../../../components/forms/Field'
import { FormError } from '../../../components/forms/FormError'
import { useForm } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { saveSettings } from '../../../queries/adminSettings'
import { showToast } from '../../../state/toasts'
import styles from '../admin.module.css'
import { emptyPrice, type PriceText, pricesOf, priceText } from './priceTexts'

/** Prices per million tokens. The first match applies, so the order matters. */
export function Prices({ registry }: { registry: Schemas['Setting'][] }) {
  const kept = registry.find(({ key }) => key === 'prices')?.value
  const [rows, set] = useState<PriceText[]>(Array.isArray(kept) ? kept.map(priceText) : [])
  const form = useForm(
    () => saveSettings({ prices: pricesOf(rows) }),
    () => showToast(strings.common.saved),
  )
  const change = (place: number, changes: Partial<PriceText>) =>
    set(rows.map((row, at) => (at === place ? { ...row, ...changes } : row)))
  return (
    <form className={styles.prices} onSubmit={form.onSubmit}>
      <p className={styles.about}>{settingStrings.pricesAbout}</p>
      {rows.length === 0 && <p className="dim">{settingStrings.noPrices}</p>}
      {rows.map((row, place) => (
        <PriceRow
          key={row.id}
          row={row}
          index={place}
          onChange={(changes) => change(place, changes)}
          onRemove={() => set(rows.filter((one) => one !== row))}
        />
      ))}
      <FormError form={form} />
      <div className="row">
        <Button variant="main" type="submit" disabled={form.isBusy}>
          {settingStrings.savePrices}
        </Button>
        <Button onClick={() => set([...rows, emptyPrice()])}>{settingStrings.addPrice}</Button>
      </div>
    </form>
  )
}

type RowProps = {
  row: PriceText
  index: number
  onChange: (changes: Partial<PriceText>) => void
  onRemove: () => void
}

function PriceRow({ row, index, onChange, onRemove }: RowProps) {
  const labelProps = (what: string) => ({ 'aria-label': settingStrings.ofPrice(what, index + 1) })
  return (
    <div className={styles.price}>
      <Field label={settingStrings.agent}>
        <input
          className="input"
          placeholder={settingStrings.anyAgent}
          value={row.agent}
          onChange={(event) => onChange({ agent: event.target.value })}
          {...labelProps(settingStrings.agent)}
        />
      </Field>
      <Field label={settingStrings.model}>
        <input
          className="input mono"
          required
          value={row.model}
          onChange={(event) => onChange({ model: event.target.value })}
          {...labelProps(settingStrings.model)}
        />
      </Field>
      {(['input', 'cached', 'output', 'reasoning'] as const).map((what) => (
        <Field key={what} label={settingStrings[what]}>
          <input
            className="input"
            type="number"
            min={0}
            max={10_000}
            step="any"
            required={what === 'input' || what === 'output'}
            value={row[what]}
            onChange={(event) => onChange({ [what]: event.target.value })}
            {...labelProps(settingStrings[what])}
          />
        </Field>
      ))}
      <Button
        variant="quiet"
        size="square"
        aria-label={settingStrings.removePrice(row.model || String(index + 1))}
        onClick={onRemove}
      >
        <X className="i" aria-hidden="true" />
      </Button>
    </div>
  )
}
