import { useRouterState } from '@tanstack/react-router'
import { useNeedsCount } from '../../queries/inbox'
import { words } from '../../words'

const MOST = 99

/** How many things wait for the one who looks. */
export function NeedsCount() {
  const isHome = useRouterState({ select: ({ location }) => location.pathname === '/' })
  const count = useNeedsCount(isHome)
  if (count === 0) return null
  return (
    <span className="count needs" title={words.common.waitCount(count)}>
      {count > MOST ? `${MOST}+` : count}
    </span>
  )
}
