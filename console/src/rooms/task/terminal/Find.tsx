import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../../../ui/Button'
import { FoundSteps } from '../../../ui/FoundSteps'
import { words } from '../../../words'
import type { Glass } from './glass'
import styles from './terminal.module.css'

/** Looks for words in what the terminal still shows, scrolled away or not. */
export function Find({ glass, onClose }: { glass: Glass; onClose: () => void }) {
  const [sought, setSought] = useState('')
  const [found, setFound] = useState({ at: 0, of: 0 })
  useEffect(() => glass.onFound(setFound), [glass])
  const find = (text: string, back?: boolean) => {
    setSought(text)
    if (text) glass.find(text, back)
    else glass.endFind()
  }
  return (
    <search className={styles.find}>
      <input
        className="input"
        // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
        autoFocus
        aria-label={words.terminal.search}
        value={sought}
        onChange={(event) => find(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(sought, event.shiftKey)
          if (event.key === 'Escape') onClose()
        }}
      />
      <span className="dim" role="status">
        {sought && words.terminal.found(found.at, found.of)}
      </span>
      <FoundSteps step={(back) => find(sought, back)} />
      <Button look="quiet" size="square" aria-label={words.common.close} onClick={onClose}>
        <X className="i" />
      </Button>
    </search>
  )
}
