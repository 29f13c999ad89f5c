import { strings } from '../../../../i18n'
import styles from './DiffRows.module.css'

/** Behind a file's last line that has no end. */
export function NoNewline() {
  return <span className={styles.noEnd}>{strings.diff.noNewline}</span>
}
