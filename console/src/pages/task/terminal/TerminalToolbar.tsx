import { ALargeSmall, Copy, Hand, Maximize, Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import type { Viewer } from '../../../lib/terminal/frames'
import styles from './terminal.module.css'
import type { TerminalState } from './terminalSession'

export type TerminalActions = {
  takeOver: () => void
  watchOnly: () => void
  search: () => void
  copy: () => void
  larger: () => void
  full: () => void
}

/** Who controls the terminal, and the actions available. */
export function TerminalToolbar(props: Props) {
  const { terminal, name, controls, isRead, fontSize, acts, shellLink } = props
  const { connection } = terminal
  const people = connection.is === 'live' ? connection.people : []
  const others = people.filter((one) => !one.isYou)
  const mayTake =
    isRead &&
    connection.is === 'live' &&
    connection.may === 'control' &&
    people.length > 0 &&
    !controls
  const somebody = people.some((one) => one.mode === 'control')
  return (
    <div className={styles.bar}>
      <div className={styles.who} aria-live="polite">
        <ViewerAvatars people={isRead ? people : people.map(asWatcher)} />
        {isRead ? (
          <span>
            <b>{strings.terminal.controls(people, name)}</b>
            <span className="dim wide">{strings.terminal.watch(people)}</span>
          </span>
        ) : (
          <span>
            <b>{strings.terminal.watchTitle}</b>
            <span className="dim wide">{strings.terminal.watch(others.map(asWatcher))}</span>
          </span>
        )}
      </div>
      <span className="grow" />
      {mayTake && (
        <Button onClick={acts.takeOver}>
          {somebody ? strings.terminal.takeOver : strings.terminal.takeControl}
        </Button>
      )}
      {controls && (
        <Button variant="quiet" onClick={acts.watchOnly}>
          {strings.terminal.watchOnly}
        </Button>
      )}
      {shellLink}
      <div className={styles.tools}>
        <ToolButton name={strings.terminal.search} onClick={acts.search} hint="Control+F" isWide>
          <Search className="i" />
        </ToolButton>
        <ToolButton name={strings.terminal.copyScreen} onClick={acts.copy}>
          <Copy className="i" />
        </ToolButton>
        <ToolButton name={strings.terminal.textSize(fontSize)} onClick={acts.larger}>
          <ALargeSmall className="i" />
        </ToolButton>
        <ToolButton name={strings.terminal.full} onClick={acts.full} isWide>
          <Maximize className="i" />
        </ToolButton>
      </div>
    </div>
  )
}

type Props = {
  terminal: TerminalState
  name: string
  controls: boolean
  /** Whether the stage's program may read what is typed. */
  isRead: boolean
  fontSize: number
  acts: TerminalActions
  shellLink: ReactNode
}

/** Nobody controls a program that reads nothing. */
const asWatcher = (one: Viewer): Viewer => ({ ...one, mode: 'watch' })

function ViewerAvatars({ people }: { people: Viewer[] }) {
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

function ToolButton(props: {
  name: string
  hint?: string
  /** Hidden on phones, which have no space for it. */
  isWide?: boolean
  onClick: () => void
  children: ReactNode
}) {
  return (
    <Button
      variant="quiet"
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
