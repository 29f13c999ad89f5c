import { Search } from 'lucide-react'
import { useRef, useState } from 'react'
import { words } from '../../words'
import styles from './Tasks.module.css'

const PAUSE_MILLISECONDS = 200

/** Searches as one types: what is typed goes into the URL after a moment. */
export function Seek({ q, onSeek }: { q: string; onSeek: (q: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const seek = (text: string) => {
    setTyped(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onSeek(text.trim()), PAUSE_MILLISECONDS)
  }
  const now = () => {
    clearTimeout(timer.current)
    if (typed !== null && typed.trim() !== q) onSeek(typed.trim())
    setTyped(null)
  }
  return (
    <label className={styles.seek}>
      <Search className="i" aria-hidden="true" />
      <span className="hidden">{words.tasks.search}</span>
      <input
        type="search"
        className="input"
        placeholder={words.tasks.searchHint}
        maxLength={200}
        autoComplete="off"
        value={typed ?? q}
        onChange={(event) => seek(event.target.value)}
        onBlur={now}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </label>
  )
}
