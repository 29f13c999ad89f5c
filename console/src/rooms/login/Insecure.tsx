import { useTitle } from '../../ui/Page'
import { words } from '../../words'
import styles from './login.module.css'

/** Said in place of the form where one cannot sign in: what to do instead. */
export function Insecure() {
  useTitle(words.login.title)
  return (
    <section>
      <h1 className={styles.title}>{words.login.insecureTitle}</h1>
      <div className={styles.told}>
        <p>{words.login.insecure(location.host)}</p>
        <p className="soft">{words.login.insecureHow}</p>
      </div>
    </section>
  )
}
