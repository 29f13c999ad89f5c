import { Dialog } from '../../../ui/Dialog'
import { words } from '../../../words'

/** A program may call a link what it likes: where it leads is shown before anybody goes there. */
export function LinkDialog({ url, onClose }: { url: string | null; onClose: () => void }) {
  return (
    <Dialog
      title={words.terminal.leaveFor}
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
          {words.terminal.openLink}
        </a>
      }
    >
      <p>{words.terminal.linkFrom}</p>
      <p className="mono breaks">{url}</p>
    </Dialog>
  )
}
