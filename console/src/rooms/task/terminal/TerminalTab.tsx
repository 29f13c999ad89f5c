import { useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Empty } from '../../../ui/Empty'
import { words } from '../../../words'
import { Bar } from './Bar'
import { Find } from './Find'
import { Foot } from './Foot'
import { nextSize, useFontSize } from './fontSize'
import { LinkDialog } from './LinkDialog'
import { Thumb } from './Thumb'
import { Told } from './Told'
import styles from './terminal.module.css'
import { useGlass } from './useGlass'
import { useSession } from './useSession'

/** The terminal of a task: what it shows right now, and a hand in it. */
export default function TerminalTab({ task }: { task: Schemas['TaskDetail'] }) {
  const desk = useRef<HTMLElement>(null)
  const [fontSize, setFontSize] = useFontSize()
  const [isFinding, setFinding] = useState(false)
  const [link, setLink] = useState<string | null>(null)
  const { place, glass } = useGlass({
    name: words.terminal.name(task.id),
    fontSize,
    open: setLink,
    leave: () => desk.current?.focus(),
    search: () => setFinding(true),
  })
  const { session, shown } = useSession(task, glass, place)
  if (task.attempt === 0) return <Empty title={words.terminal.notYet} />
  const controls = session?.controls ?? false
  const endFinding = () => {
    setFinding(false)
    glass?.endFind()
    glass?.focus()
  }
  return (
    <section
      ref={desk}
      className={`task-view ${styles.desk}`}
      aria-label={words.terminal.title}
      tabIndex={-1}
    >
      {session && shown && (
        <Bar
          shown={shown}
          controls={controls}
          fontSize={fontSize}
          acts={{
            takeOver: () => {
              session.takeOver()
              glass?.focus()
            },
            watchOnly: () => session.watchOnly(),
            search: () => setFinding(true),
            copy: () => void navigator.clipboard.writeText(glass?.text() ?? ''),
            larger: () => {
              setFontSize(nextSize(fontSize))
              session.fitSoon()
            },
            full: () => void toggleFull(desk.current),
          }}
        />
      )}
      {session && shown && (
        <Told
          shown={shown}
          stages={task.pipeline}
          isOver={task.finishedAt !== null}
          again={() => session.again()}
          forget={() => session.forgetTold()}
        />
      )}
      {isFinding && glass && <Find glass={glass} onClose={endFinding} />}
      <div className={styles.glass}>
        <div
          ref={place}
          className={styles.screen}
          data-edge={shown?.line.is === 'live' && !controls}
        />
      </div>
      {controls && glass && <Thumb glass={glass} />}
      {shown && <Foot shown={shown} controls={controls} />}
      <LinkDialog url={link} onClose={() => setLink(null)} />
    </section>
  )
}

async function toggleFull(desk: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen()
  else await desk?.requestFullscreen()
}
