import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMe } from '../../queries/me'
import { signOut } from '../../session/session'
import { type Item, Menu } from '../../ui/Menu'
import { choose, type Theme, theme } from '../../ui/theme'
import { sayBroken } from '../../ui/toasts'
import { language, languages, speak, words } from '../../words'

/** Where one's own things are, how the console looks and speaks, and the way out. */
export default function AccountMenu({ button }: { button: ReactElement }) {
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
    { name: words.common.signOut, act: () => void signOut().catch(sayBroken) },
  ]
  return <Menu items={items} button={button} isOpenAtFirst />
}
