import type { Schemas } from '../../../api/client'
import { Dialog } from '../../../ui/Dialog'
import { words } from '../../../words'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }

export default function FollowUpDialog({ onClose }: Props) {
  return (
    <Dialog title={words.task.followUp} isOpen onClose={onClose}>
      {null}
    </Dialog>
  )
}
