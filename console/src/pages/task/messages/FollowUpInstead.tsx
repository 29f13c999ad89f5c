import { Button } from '../../../components/controls/Button'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { strings } from '../../../i18n'
import { unsavedInputFor } from '../../../lib/form/unsavedInput'
import { followUpDraft } from '../actions/followUpDraft'

/** Opens the follow-up's dialog with this text. */
export function FollowUpInstead(props: { taskId: number; text?: string; name?: string }) {
  const [, open] = useUrlDialog<'followUp'>()
  const start = () => {
    if (props.text) unsavedInputFor(followUpDraft(props.taskId)).save(props.text)
    open('followUp')
  }
  return (
    <Button size={props.name ? 'tiny' : undefined} onClick={start}>
      {props.name ?? strings.task.followUp}
    </Button>
  )
}
