import { useRouterState } from '@tanstack/react-router'
import { strings } from '../../i18n'
import { useInboxCount } from '../../queries/inbox'

const MAX_SHOWN_COUNT = 99

/** The number of items in your inbox. */
export function InboxCount() {
  const isHome = useRouterState({ select: ({ location }) => location.pathname === '/' })
  const count = useInboxCount(isHome)
  if (count === 0) return null
  return (
    <span className="count needs" title={strings.common.waitCount(count)}>
      {count > MAX_SHOWN_COUNT ? `${MAX_SHOWN_COUNT}+` : count}
    </span>
  )
}
