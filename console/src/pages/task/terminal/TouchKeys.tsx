import { useEffect, useState } from 'react'
import { strings } from '../../../i18n'
import styles from './terminal.module.css'
import type { Xterm } from './xterm'

const arrows = { left: '←', up: '↑', down: '↓', right: '→' } as const

/** Keys that a phone's keyboard lacks. `ctrl` applies to the next letter typed. */
export function TouchKeys({ glass }: { glass: Xterm }) {
  const [isCtrl, setCtrl] = useState(false)
  useEffect(() => glass.armCtrl(isCtrl, () => setCtrl(false)), [glass, isCtrl])
  const press = (key: string) => () => {
    glass.key(key)
    glass.focus()
  }
  const paste = async () => {
    const text = await navigator.clipboard.readText().catch(() => '')
    glass.paste(text)
    glass.focus()
  }
  const ctrl = () => {
    setCtrl(!isCtrl)
    glass.focus()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: these are keys, not form fields
    <div className={`${styles.thumb} phone`} role="group" aria-label={strings.terminal.keys}>
      <button type="button" onClick={press('esc')}>
        esc
      </button>
      <button type="button" onClick={press('tab')}>
        tab
      </button>
      <button type="button" aria-pressed={isCtrl} onClick={ctrl}>
        ctrl
      </button>
      <button type="button" onClick={press('interrupt')}>
        ^C
      </button>
      {(['left', 'up', 'down', 'right'] as const).map((key) => (
        <button
          key={key}
          type="button"
          aria-label={strings.terminal.arrows[key]}
          onClick={press(key)}
        >
          {arrows[key]}
        </button>
      ))}
      <button type="button" onClick={paste}>
        {strings.terminal.paste}
      </button>
    </div>
  )
}
