import { Outlet, useNavigate } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import { ReauthenticationPrompt } from '../../components/dialogs/ReauthenticationPrompt'
import { useShortcuts } from '../../components/hooks/shortcuts'
import { lazyComponent } from '../../components/lazyComponent'
import { strings } from '../../i18n'
import { Announcer } from './Announcer'
import { Banners } from './Banners'
import { BottomNav } from './BottomNav'
import { NewTaskOutlet } from './NewTaskOutlet'
import { navigationItems } from './navigation'
import { PasswordReminder } from './PasswordReminder'
import { TopBar } from './TopBar'
import { useNewTask } from './useNewTask'

const Palette = lazyComponent(() => import('../palette/Palette'))
const ShortcutsDialog = lazyComponent(() => import('./ShortcutsDialog'))

/** The frame around every page except the login. */
export function AppLayout() {
  const [isPaletteOpen, openPalette] = useState(false)
  const [areKeysOpen, openKeys] = useState(false)
  const newTask = useNewTask()
  const navigate = useNavigate()
  useShortcuts('everywhere', [
    { key: 'Mod+k', what: strings.keys.palette, do: () => openPalette(true) },
    { key: 'c', what: strings.keys.newTask, do: () => newTask.open() },
    { key: '?', what: strings.keys.help, do: () => openKeys(true) },
    ...navigationItems().map(({ to, keys, name }) => ({
      key: keys,
      what: name,
      do: () => void navigate({ to }),
    })),
  ])
  return (
    <>
      <a className="skip" href="#main">
        {strings.common.skip}
      </a>
      <TopBar onFind={() => openPalette(true)} onNewTask={() => newTask.open()} />
      <Banners />
      <Announcer />
      <Outlet />
      <BottomNav onFind={() => openPalette(true)} onNewTask={() => newTask.open()} />
      <ReauthenticationPrompt />
      <Suspense>
        {isPaletteOpen && (
          <Palette onShowKeys={() => openKeys(true)} onClose={() => openPalette(false)} />
        )}
        {areKeysOpen && <ShortcutsDialog onClose={() => openKeys(false)} />}
        <NewTaskOutlet />
        <PasswordReminder />
      </Suspense>
    </>
  )
}
