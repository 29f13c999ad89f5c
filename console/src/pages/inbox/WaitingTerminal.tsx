import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { titleOf } from '../../lib/task/title'
import type { InboxItem } from '../../queries/inbox'
import { DetailLink } from './DetailLink'
import styles from './Inbox.module.css'
import { ItemHeader, TextWithCode } from './ItemHeader'

/** A running task whose agent asks something in its terminal before it works. */
export function WaitingTerminal(props: {
  item: InboxItem
  task: Schemas['ListedTask']
  isSelected: boolean
}) {
  const { item, task, isSelected } = props
  const { currentStageIndex: index, stages } = task
  return (
    <>
      <ItemHeader kind={strings.inbox.kinds.terminal} task={task}>
        <TextWithCode
          parts={strings.inbox.within(index + 1, stages.length, stages[index]?.name ?? '')}
        />
      </ItemHeader>
      <p className={styles.what}>{titleOf(task.description)}</p>
      <div className={styles.foot}>
        <DetailLink item={item} isSelected={isSelected} />
      </div>
    </>
  )
}
