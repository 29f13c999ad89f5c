import { Suspense, useState } from 'react'
import { lazyComponent } from '../../components/lazyComponent'
import { strings } from '../../i18n'
import { useMe } from '../../queries/me'

const AccountMenu = lazyComponent(() => import('./AccountMenu'))

/** A round button with your initials. Loads its menu when you first open it. */
export function AccountButton() {
  const [isWanted, setWanted] = useState(false)
  const name = useMe()?.name ?? ''
  const button = (
    <button
      type="button"
      className="face"
      aria-label={strings.common.account}
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
    >
      {initials(name)}
    </button>
  )
  if (!isWanted) return button
  return (
    <Suspense fallback={button}>
      <AccountMenu button={button} />
    </Suspense>
  )
}

function initials(name: string): string {
  const parts = name.split(/[\s._-]+/).filter(Boolean)
  return (parts.length > 1 ? parts.slice(0, 2).map((p) => p[0]) : [name.slice(0, 1)])
    .join('')
    .toUpperCase()
}
