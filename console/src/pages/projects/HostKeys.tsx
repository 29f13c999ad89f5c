import { Button } from '../../components/controls/Button'
import { strings } from '../../i18n'
import type { CheckResult } from '../../queries/projectChecks'
import styles from './projectCheck.module.css'

/** The keys of an SSH host that the machine doesn't know, for a person to compare and accept. */
export function HostKeys(props: { keys: CheckResult['hostKeys']; onAccept: () => void }) {
  const { keys, onAccept } = props
  const texts = strings.projectChecks
  if (keys.length === 0) return null
  return (
    <div className={styles.check}>
      <p>{texts.hostKeys}</p>
      <ul className={`mono ${styles.keys}`}>
        {keys.map(({ type, fingerprint }) => (
          <li key={fingerprint}>
            {type} {fingerprint}
          </li>
        ))}
      </ul>
      <Button className={styles.start} onClick={onAccept}>
        {texts.acceptHostKeys}
      </Button>
    </div>
  )
}
