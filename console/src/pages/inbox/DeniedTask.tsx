import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { titleOf } from '../../lib/task/title'
import type { InboxItem } from '../../queries/inbox'
import { DetailLink } from './DetailLink'
import styles from './Inbox.module.css'
import { ItemHeader } from './ItemHeader'
import { RefusedHosts } from './RefusedHosts'

type Props = { item: InboxItem; task: Schemas['ListedTask']; isSelected: boolean }

/** A running task that was denied hosts. */
export function DeniedTask({ item, task, isSelected }: Props) {
  return (
    <>
      <ItemHeader kind={strings.inbox.kinds.host} task={task} />
      <p className={styles.what}>{titleOf(task.description)}</p>
      <RefusedHosts item={item} task={task} />
      <div className={styles.foot}>
        <DetailLink item={item} isSelected={isSelected} />
      </div>
    </>
  )
}
