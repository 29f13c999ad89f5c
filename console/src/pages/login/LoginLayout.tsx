import type { ReactNode } from 'react'
import { Logo } from '../../components/page/Logo'
import { type Language, language, languages, setLanguage } from '../../i18n'
import { useVersion } from '../../queries/health'
import styles from './login.module.css'

/** The frame around both sign-in steps: logo, language choice and version. */
export function LoginLayout({ children }: { children: ReactNode }) {
  const version = useVersion()
  return (
    <div className={styles.page}>
      <main className={styles.main} id="main">
        <p className={styles.lockup}>
          <Logo />
          Muster
        </p>
        {children}
      </main>
      <footer className={styles.base}>
        {(Object.keys(languages) as Language[]).map((one) => (
          <button
            key={one}
            type="button"
            className={styles.tongue}
            lang={one}
            aria-pressed={one === language}
            onClick={() => setLanguage(one)}
          >
            {languages[one]}
          </button>
        ))}
        {version && <span className={`dim num ${styles.version}`}>{version}</span>}
      </footer>
    </div>
  )
}
