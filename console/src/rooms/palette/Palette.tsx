import { Dialog } from '../../ui/Dialog'
import { words } from '../../words'

export default function Palette({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words.common.find} isOpen onClose={onClose} className="palette">
      {null}
    </Dialog>
  )
}
