import { useState } from 'react'
import { Button } from '../../ui/Button'
import { Markdown } from '../../ui/Markdown'
import { words } from '../../words'
import styles from './Head.module.css'

const SHORT = 180

/** What was asked for, below its title; long ones are folded. */
export function Description({ text }: { text: string }) {
  const isLong = text.length > SHORT || text.split('\n').length > 2
  const [isOpen, setOpen] = useState(false)
  return (
    <section aria-label={words.task.description} className={styles.description}>
      <div className={isLong && !isOpen ? styles.folded : undefined}>
        <Markdown text={text} />
      </div>
      {isLong && (
        <Button look="quiet" size="tiny" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? words.task.showLess : words.task.showAll}
        </Button>
      )}
    </section>
  )
}
