import { Dialog } from '../../ui/Dialog'
import { words } from '../../words'

export default function NewTask({ onClose }: { begun: string; onClose: () => void }) {
  return (
    <Dialog title={words.common.newTask} isOpen onClose={onClose}>
      {null}
    </Dialog>
  )
}
