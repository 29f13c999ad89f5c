import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import styles from './login.module.css'

/** Replaces the form on an insecure origin, where sign-in is impossible, with advice. */
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
