import { Dialog } from '../../../components/dialogs/Dialog'
import { strings } from '../../../i18n'

/** A dialog that shows a link's destination first: a program can give a link any text. */
export function LinkDialog({ url, onClose }: { url: string | null; onClose: () => void }) {
  return (
    <Dialog
      title={strings.terminal.leaveFor}
      isOpen={url !== null}
      onClose={onClose}
      foot={
        <a
          className="btn main"
          href={url ?? undefined}
          target="_blank"
          rel="noopener noreferrer"
          onClick={onClose}
        >
          {strings.terminal.openLink}
        </a>
      }
    >
      <p>{strings.terminal.linkFrom}</p>
      <p className="mono breaks">{url}</p>
    </Dialog>
  )
}
