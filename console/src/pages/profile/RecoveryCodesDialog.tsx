import { Button } from '../../components/controls/Button'
import { CopyButton } from '../../components/controls/CopyButton'
import { Dialog } from '../../components/dialogs/Dialog'
import { strings } from '../../i18n'
import styles from './profile.module.css'

export function RecoveryCodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = `${codes.join('\n')}\n`
  return (
    <Dialog
      isOpen
      title={strings.profile.recovery}
      onClose={onClose}
      foot={
        <>
          <Button variant="main" onClick={onClose}>
            {strings.forms.saved}
          </Button>
          <a
            className="btn"
            download="muster-recovery-codes.txt"
            href={`data:text/plain,${encodeURIComponent(text)}`}
          >
            {strings.profile.download}
          </a>
          <CopyButton text={text} what={strings.profile.recoveryCodes} />
        </>
      }
    >
      <p>{strings.profile.recoveryAbout}</p>
      <ul className={styles.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </Dialog>
  )
}
