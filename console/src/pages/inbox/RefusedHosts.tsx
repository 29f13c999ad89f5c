import { Button } from '../../components/controls/Button'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { InboxItem } from '../../queries/inbox'
import { useAllowHost } from '../../queries/projects'
import { showToast } from '../../state/toasts'
import styles from './Inbox.module.css'

type Props = { item: InboxItem; task: NonNullable<InboxItem['task']> }

/** The hosts that a task was denied, each with a button that allows it. */
export function RefusedHosts({ item, task }: Props) {
  const { mutate, isPending } = useAllowHost(task.projectKey)
  const allow = (host: string) =>
    mutate(host, { onSuccess: () => showToast(strings.inbox.allowedHost(host)) })
  return (
    <div className={styles.hosts}>
      <span className="soft">{strings.inbox.refusedHosts}</span>
      <ul>
        {item.refusedHosts.map((host) => (
          <li key={host}>
            <code>{revealInvisible(host)}</code>
            {item.actions.includes('allow_host') && (
              <Button
                size="tiny"
                aria-label={strings.inbox.allowHostOf(host)}
                disabled={isPending}
                onClick={() => allow(host)}
              >
                {strings.inbox.allowHost}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
