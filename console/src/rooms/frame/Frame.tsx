import { Outlet } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import { Confirmation } from '../../ui/Confirmation'
import { useKeys } from '../../ui/keys'
import { late } from '../../ui/late'
import { words } from '../../words'
import { Announcer } from './Announcer'
import { Bar } from './Bar'
import { Bottom } from './Bottom'
import { NewTaskDoor } from './NewTaskDoor'
import { Notices } from './Notices'
import { useNewTask } from './useNewTask'

const Palette = late(() => import('../palette/Palette'))
const KeysDialog = late(() => import('./KeysDialog'))

/** What stands around every page but the login. */
export function Frame() {
  const [isPaletteOpen, openPalette] = useState(false)
  const [areKeysOpen, openKeys] = useState(false)
  const newTask = useNewTask()
  useKeys('everywhere', [
    { key: 'Mod+k', what: words.keys.palette, do: () => openPalette(true) },
    { key: 'c', what: words.keys.newTask, do: () => newTask.open() },
    { key: '?', what: words.keys.help, do: () => openKeys(true) },
  ])
  return (
    <>
      <a className="skip" href="#main">
        {words.common.skip}
      </a>
      <Bar onFind={() => openPalette(true)} onNewTask={() => newTask.open()} />
      <Notices />
      <Announcer />
      <Outlet />
      <Bottom onNewTask={() => newTask.open()} />
      <Confirmation />
      <Suspense>
        {isPaletteOpen && <Palette onClose={() => openPalette(false)} />}
        {areKeysOpen && <KeysDialog onClose={() => openKeys(false)} />}
        <NewTaskDoor />
      </Suspense>
    </>
  )
}
