import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { signOut } from '../../auth/session'
import { Menu, type MenuItem } from '../../components/controls/Menu'
import { language, languages, setLanguage, strings } from '../../i18n'
import { useMe } from '../../queries/me'
import { currentTheme, setTheme, type Theme } from '../../state/theme'
import { showErrorToast } from '../../state/toasts'

/** Links to your pages, the theme and language, and sign-out. */
export default function AccountMenu({ button }: { button: ReactElement }) {
  const me = useMe()
  const navigate = useNavigate()
  const go = (to: string) => () => void navigate({ to })
  const items: (MenuItem | null)[] = [
    { name: strings.common.profile, onSelect: go('/profile') },
    { name: strings.common.projects, onSelect: go('/projects') },
    ...(me?.role === 'admin'
      ? [{ name: strings.common.admin, onSelect: go('/admin/developers') }]
      : []),
    null,
    ...(['system', 'light', 'dark'] satisfies Theme[]).map((one) => ({
      name: `${strings.common.themes[one]}${one === currentTheme() ? ' ✓' : ''}`,
      onSelect: () => setTheme(one),
    })),
    null,
    ...(['en', 'zh-CN'] as const)
      .filter((one) => one !== language)
      .map((one) => ({ name: languages[one], onSelect: () => setLanguage(one) })),
    null,
    { name: strings.common.signOut, onSelect: () => void signOut().catch(showErrorToast) },
  ]
  return <Menu items={items} button={button} isOpenAtFirst />
}
