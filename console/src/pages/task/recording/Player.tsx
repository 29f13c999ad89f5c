import 'asciinema-player/dist/bundle/asciinema-player.css'
import { create, type Player as Played } from 'asciinema-player'
import { useEffect, useRef } from 'react'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatPlaybackTime } from '../../../lib/format/times'
import type { Marker } from '../../../lib/log/asciicast'
import styles from './recording.module.css'

/** A player for a recording, with markers that seek to their time. */
export default function Player({ cast, marks }: { cast: string; marks: Marker[] }) {
  const place = useRef<HTMLDivElement>(null)
  const player = useRef<Played | null>(null)
  useEffect(() => {
    if (!place.current) return
    const style = getComputedStyle(place.current)
    const made = create({ data: cast }, place.current, {
      fit: 'both',
      preload: true,
      poster: 'npt:0:01',
      idleTimeLimit: 2,
      controls: true,
      terminalFontFamily: style.getPropertyValue('--mono'),
    })
    player.current = made
    return () => made.dispose()
  }, [cast])
  return (
    <div className={styles.stage}>
      <div ref={place} className={styles.player} data-keys="own" />
      <nav className={styles.marks} aria-label={strings.recording.marks}>
        <h2>{strings.recording.marks}</h2>
        <ol>
          {marks.map((mark, index) => (
            <li key={index}>
              <button type="button" onClick={() => void player.current?.seek({ marker: index })}>
                <span className="mono dim">{formatPlaybackTime(mark.seconds)}</span>
                <span>{revealInvisible(mark.label)}</span>
              </button>
            </li>
          ))}
        </ol>
      </nav>
    </div>
  )
}
