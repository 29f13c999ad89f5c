import { type ReactNode, useId } from 'react'
import styles from './Section.module.css'

/** A section of a page with details and settings: title and explanation on the side, content next
 *  to it. */
export function Section(props: {
  /** For links to it. */
  id?: string
  title: string
  about?: ReactNode
  children: ReactNode
}) {
  const id = useId()
  return (
    <section
      className={styles.section}
      id={props.id}
      tabIndex={props.id ? -1 : undefined}
      aria-labelledby={id}
    >
      <div className={styles.head}>
        <h2 id={id}>{props.title}</h2>
        {props.about && <p className="hint">{props.about}</p>}
      </div>
      <div className={styles.body}>{props.children}</div>
    </section>
  )
}
