import { useEffect, useState } from 'react'
import { strings } from '../../i18n'
import { StatusIcon } from '../status/Status'
import styles from './Gate.module.css'

/** On phones: a reminder of the open question while it is scrolled out of view. */
export function QuestionReminder({ question }: { question: string }) {
  const [isOut, setOut] = useState(false)
  useEffect(() => {
    const box = document.getElementById('question')
    if (!box) return
    const watch = new IntersectionObserver(([seen]) => setOut(seen ? !seen.isIntersecting : false))
    watch.observe(box)
    return () => watch.disconnect()
  }, [])
  if (!isOut) return null
  return (
    <div className={`phone ${styles.nudge}`}>
      <span className="tone" data-is="needs">
        <StatusIcon look="needs" />
      </span>
      <span className="grow cut">{question.split('\n', 1)[0]}</span>
      <a className="btn main" href="#question">
        {strings.gate.answer}
      </a>
    </div>
  )
}
