import { Search } from 'lucide-react'
import { useRef, useState } from 'react'
import { strings } from '../../i18n'
import styles from './Tasks.module.css'

const DEBOUNCE_MILLISECONDS = 200

/** A search field that updates the URL as you type, with a debounce. */
export function SearchField({ q, onSeek }: { q: string; onSeek: (q: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const scheduleSearch = (text: string) => {
    setTyped(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onSeek(text.trim()), DEBOUNCE_MILLISECONDS)
  }
  const searchNow = () => {
    clearTimeout(timer.current)
    if (typed !== null && typed.trim() !== q) onSeek(typed.trim())
    setTyped(null)
  }
  return (
    <label className={styles.seek}>
      <Search className="i" aria-hidden="true" />
      <span className="hidden">{strings.tasks.search}</span>
      <input
        type="search"
        className="input"
        placeholder={strings.tasks.searchHint}
        maxLength={200}
        autoComplete="off"
        value={typed ?? q}
        onChange={(event) => scheduleSearch(event.target.value)}
        onBlur={searchNow}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </label>
  )
}
