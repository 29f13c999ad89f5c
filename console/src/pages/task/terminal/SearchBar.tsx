import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { MatchButtons } from '../../../components/controls/MatchButtons'
import { strings } from '../../../i18n'
import styles from './terminal.module.css'
import type { Xterm } from './xterm'

/** Searches the terminal's contents, including its scrollback. */
export function SearchBar({ glass, onClose }: { glass: Xterm; onClose: () => void }) {
  const [sought, setSought] = useState('')
  const [found, setFound] = useState({ at: 0, of: 0 })
  useEffect(() => glass.onSearchResult(setFound), [glass])
  const find = (text: string, back?: boolean) => {
    setSought(text)
    if (text) glass.find(text, back)
    else glass.clearSearch()
  }
  return (
    <search className={styles.find}>
      <input
        className="input"
        // biome-ignore lint/a11y/noAutofocus: you opened the field to type into it
        autoFocus
        aria-label={strings.terminal.search}
        value={sought}
        onChange={(event) => find(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(sought, event.shiftKey)
          if (event.key === 'Escape') onClose()
        }}
      />
      <span className="dim" role="status">
        {sought && strings.terminal.found(found.at, found.of)}
      </span>
      <MatchButtons step={(back) => find(sought, back)} />
      <Button variant="quiet" size="square" aria-label={strings.common.close} onClick={onClose}>
        <X className="i" />
      </Button>
    </search>
  )
}
