import { words } from '../../../words'
import styles from './Rows.module.css'

/** Behind a file's last line that has no end. */
export function NoEnd() {
  return <span className={styles.noEnd}>{words.diff.noNewline}</span>
}
