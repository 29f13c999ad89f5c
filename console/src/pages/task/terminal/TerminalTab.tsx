import { useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { strings } from '../../../i18n'
import type { TerminalKind } from '../../../queries/terminal'
import { MessagePanel } from '../messages/MessagePanel'
import { ViewLink } from '../ViewLink'
import { nextSize, useFontSize } from './fontSize'
import { LinkDialog } from './LinkDialog'
import { SearchBar } from './SearchBar'
import { StatusBar } from './StatusBar'
import { TerminalNotice } from './TerminalNotice'
import { type TerminalActions, TerminalToolbar } from './TerminalToolbar'
import { TouchKeys } from './TouchKeys'
import styles from './terminal.module.css'
import type { TerminalSession, TerminalState } from './terminalSession'
import { useTerminalSession } from './useTerminalSession'
import { useXterm } from './useXterm'
import type { Xterm } from './xterm'

type Props = { task: Schemas['TaskDetail'] }

/** The live terminal of a task, and control of it, once a stage has started. */
export default function TerminalTab({ task }: Props) {
  if (task.attempt === 0) return <EmptyState title={strings.terminal.notYet} />
  return <LiveTerminal task={task} />
}

/** A live terminal: the stage's, or that of a shell beside it. */
export function LiveTerminal({ task, kind = 'stage' }: Props & { kind?: TerminalKind }) {
  const isShell = kind === 'shell'
  const desk = useRef<HTMLElement>(null)
  const [fontSize, setFontSize] = useFontSize()
  const [isFinding, setFinding] = useState(false)
  const [link, setLink] = useState<string | null>(null)
  const { place, glass } = useXterm({
    name: isShell ? strings.terminal.shellName(task.id) : strings.terminal.name(task.id),
    fontSize,
    open: setLink,
    leave: () => desk.current?.focus(),
    search: () => setFinding(true),
  })
  const { session, terminal } = useTerminalSession(task, glass, place, kind)
  const acts = {
    ...terminalActions(session, glass, () => setFontSize(nextSize(fontSize))),
    search: () => setFinding(true),
    full: () => void toggleFullscreen(desk.current),
  }
  const controls = session?.controls ?? false
  const closeSearch = () => {
    setFinding(false)
    glass?.clearSearch()
    glass?.focus()
  }
  return (
    <section
      ref={desk}
      className={`task-view ${styles.desk}`}
      aria-label={isShell ? strings.terminal.shellTitle : strings.terminal.title}
      tabIndex={-1}
    >
      {session && terminal && (
        <TerminalHead
          task={task}
          session={session}
          terminal={terminal}
          fontSize={fontSize}
          acts={acts}
          isShell={isShell}
          opensShell={!isShell && task.allowedActions.includes('shell')}
        />
      )}
      {isFinding && glass && <SearchBar glass={glass} onClose={closeSearch} />}
      <div className={styles.glass}>
        <div
          ref={place}
          className={styles.screen}
          data-edge={terminal?.connection.is === 'live' && !controls}
        />
      </div>
      {controls && glass && <TouchKeys glass={glass} />}
      {terminal && <StatusBar task={task} terminal={terminal} controls={controls} />}
      {!task.readsTerminal && <MessagePanel task={task} />}
      <LinkDialog url={link} onClose={() => setLink(null)} />
    </section>
  )
}

function TerminalHead(
  props: Props & {
    session: TerminalSession
    terminal: TerminalState
    fontSize: number
    acts: TerminalActions
    isShell: boolean
    opensShell: boolean
  },
) {
  const { task, session, terminal, fontSize, acts, isShell, opensShell } = props
  return (
    <>
      <TerminalToolbar
        terminal={terminal}
        name={isShell ? strings.terminal.shellTitle : strings.terminal.title}
        controls={session.controls}
        isRead={task.readsTerminal}
        fontSize={fontSize}
        acts={acts}
        shellLink={
          opensShell && (
            <ViewLink task={task} view="shell" className="btn quiet wide">
              {strings.terminal.openShell}
            </ViewLink>
          )
        }
      />
      <TerminalNotice
        terminal={terminal}
        stages={task.pipeline}
        isShell={isShell}
        isOver={task.finishedAt !== null}
        onReconnect={() => session.reconnect()}
        onDismiss={() => session.clearNotices()}
      />
    </>
  )
}

function terminalActions(
  session: TerminalSession | null,
  glass: Xterm | null,
  enlarge: () => void,
) {
  return {
    takeOver: () => {
      session?.takeOver()
      glass?.focus()
    },
    watchOnly: () => session?.watchOnly(),
    copy: () => void navigator.clipboard.writeText(glass?.text() ?? ''),
    larger: () => {
      enlarge()
      session?.scheduleFit()
    },
  }
}

async function toggleFullscreen(desk: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen()
  else await desk?.requestFullscreen()
}
