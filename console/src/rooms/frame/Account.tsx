import { useNavigate } from '@tanstack/react-router'
import { useMe } from '../../queries/me'
import { signOut } from '../../session/session'
import { type Item, Menu } from '../../ui/Menu'
import { choose, type Theme, theme } from '../../ui/theme'
import { language, languages, speak, words } from '../../words'

/** The round button with one's initials, and its menu. */
export function Account() {
  const me = useMe()
  const navigate = useNavigate()
  const go = (to: string) => () => void navigate({ to })
  const items: (Item | null)[] = [
    { name: words.common.profile, act: go('/profile') },
    { name: words.common.projects, act: go('/projects') },
    ...(me?.role === 'admin' ? [{ name: words.common.admin, act: go('/admin/developers') }] : []),
    null,
    ...(['system', 'light', 'dark'] satisfies Theme[]).map((one) => ({
      name: `${words.common.themes[one]}${one === theme() ? ' ✓' : ''}`,
      act: () => choose(one),
    })),
    null,
    ...(['en', 'zh-CN'] as const)
      .filter((one) => one !== language)
      .map((one) => ({ name: languages[one], act: () => speak(one) })),
    null,
    { name: words.common.signOut, act: () => void signOut() },
  ]
  return (
    <Menu
      items={items}
      button={
        <button type="button" className="face" aria-label={words.common.account}>
          {initials(me?.name ?? '')}
        </button>
      }
    />
  )
}

function initials(name: string): string {
  const parts = name.split(/[\s._-]+/).filter(Boolean)
  return (parts.length > 1 ? parts.slice(0, 2).map((p) => p[0]) : [name.slice(0, 1)])
    .join('')
    .toUpperCase()
}
