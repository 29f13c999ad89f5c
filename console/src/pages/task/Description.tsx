import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { Markdown } from '../../components/markdown/Markdown'
import { strings } from '../../i18n'
import styles from './TaskHeader.module.css'

const COLLAPSED_LENGTH = 180

/** The task's description below its title. A long one is collapsed. */
export function Description({ text }: { text: string }) {
  const isLong = text.length > COLLAPSED_LENGTH || text.split('\n').length > 2
  const [isOpen, setOpen] = useState(false)
  return (
    <section aria-label={strings.task.description} className={styles.description}>
      <div className={isLong && !isOpen ? styles.folded : undefined}>
        <Markdown text={text} />
      </div>
      {isLong && (
        <Button variant="quiet" size="tiny" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? strings.task.showLess : strings.task.showAll}
        </Button>
      )}
    </section>
  )
}
