import { strings } from '../../../../i18n'
import styles from './DiffRows.module.css'

/** A mark after a file's last line if it has no newline. */
export function NoNewline() {
  return <span className={styles.noEnd}>{strings.diff.noNewline}</span>
}
