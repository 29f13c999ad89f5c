import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import styles from './login.module.css'

/** Said in place of the form where one cannot sign in: what to do instead. */
export function InsecureOrigin() {
  useTitle(strings.login.title)
  return (
    <section>
      <h1 className={styles.title}>{strings.login.insecureTitle}</h1>
      <div className={styles.told}>
        <p>{strings.login.insecure(location.host)}</p>
        <p className="soft">{strings.login.insecureHow}</p>
      </div>
    </section>
  )
}
