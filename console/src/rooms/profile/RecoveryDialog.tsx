import { Button } from '../../ui/Button'
import { Copy } from '../../ui/Copy'
import { Dialog } from '../../ui/Dialog'
import { words } from '../../words'
import styles from './profile.module.css'

export function RecoveryDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = `${codes.join('\n')}\n`
  return (
    <Dialog
      isOpen
      title={words.profile.recovery}
      onClose={onClose}
      foot={
        <>
          <Button look="main" onClick={onClose}>
            {words.forms.kept}
          </Button>
          <a
            className="btn"
            download="muster-recovery-codes.txt"
            href={`data:text/plain,${encodeURIComponent(text)}`}
          >
            {words.profile.download}
          </a>
          <Copy text={text} what={words.profile.recoveryCodes} />
        </>
      }
    >
      <p>{words.profile.recoveryAbout}</p>
      <ul className={styles.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </Dialog>
  )
}
