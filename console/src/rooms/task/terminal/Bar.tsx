import { ALargeSmall, Copy, Hand, Maximize, Search } from 'lucide-react'
import type { Looker } from '../../../lib/terminal/frames'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import type { Shown } from './session'
import styles from './terminal.module.css'

export type Acts = {
  takeOver: () => void
  watchOnly: () => void
  search: () => void
  copy: () => void
  larger: () => void
  full: () => void
}

/** Who controls stands first, in words; then what one may do. */
export function Bar({ shown, controls, fontSize, acts }: Props) {
  const { line } = shown
  const people = line.is === 'live' ? line.people : []
  const mayTake = line.is === 'live' && line.may === 'control' && people.length > 0 && !controls
  const somebody = people.some((one) => one.mode === 'control')
  return (
    <div className={styles.bar}>
      <div className={styles.who} aria-live="polite">
        <Faces people={people} />
        <span>
          <b>{words.terminal.controls(people)}</b>
          <span className="dim wide">{words.terminal.watch(people)}</span>
        </span>
      </div>
      <span className="grow" />
      {mayTake && (
        <Button onClick={acts.takeOver}>
          {somebody ? words.terminal.takeOver : words.terminal.takeControl}
        </Button>
      )}
      {controls && (
        <Button look="quiet" onClick={acts.watchOnly}>
          {words.terminal.watchOnly}
        </Button>
      )}
      <div className={styles.tools}>
        <Tool name={words.terminal.search} onClick={acts.search} hint="Control+F" isWide>
          <Search className="i" />
        </Tool>
        <Tool name={words.terminal.copyScreen} onClick={acts.copy}>
          <Copy className="i" />
        </Tool>
        <Tool name={words.terminal.textSize(fontSize)} onClick={acts.larger}>
          <ALargeSmall className="i" />
        </Tool>
        <Tool name={words.terminal.full} onClick={acts.full} isWide>
          <Maximize className="i" />
        </Tool>
      </div>
    </div>
  )
}

type Props = { shown: Shown; controls: boolean; fontSize: number; acts: Acts }

function Faces({ people }: { people: Looker[] }) {
  return (
    <span className={styles.faces} aria-hidden="true">
      {people.map((one, place) => (
        <span
          key={place}
          className={`face ${one.mode === 'control' ? styles.hand : ''}`}
          title={one.name}
        >
          {one.mode === 'control' && people.length === 1 ? (
            <Hand className="i" />
          ) : (
            initials(one.name)
          )}
        </span>
      ))}
    </span>
  )
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean)
  return parts
    .slice(0, 2)
    .map((part) => [...part][0]?.toUpperCase())
    .join('')
}

function Tool(props: {
  name: string
  hint?: string
  /** There is no room for it on a phone. */
  isWide?: boolean
  onClick: () => void
  children: React.ReactNode
}) {
  return (
    <Button
      look="quiet"
      size="square"
      className={props.isWide ? 'wide' : undefined}
      aria-label={props.name}
      title={props.name}
      aria-keyshortcuts={props.hint}
      onClick={props.onClick}
    >
      {props.children}
    </Button>
  )
}
