import { Dialog } from '@base-ui/react/dialog'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { useSearchResults } from '../../queries/search'
import { globalActions, type PaletteAction, taskActions } from './actions'
import { ActionHit, MachineHit, ProjectHit, TaskHit } from './hits'
import { type PaletteNavigation, usePaletteNavigation } from './usePaletteNavigation'

type Found = Schemas['SearchResults'] | undefined

/** The command palette, opened with `⌘K`: finds things and runs actions from anywhere. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useSearchResults(q)
  const doors = usePaletteNavigation(onClose)
  const actions = globalActions(q, doors)
  const [selected, select] = useSelection(found, actions)
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="shade" />
        <Dialog.Popup className="dialog palette" aria-label={strings.palette.label}>
          <Command
            shouldFilter={false}
            loop
            label={strings.palette.label}
            value={selected}
            onValueChange={select}
          >
            <div className="palette-find">
              <Search className="i" aria-hidden="true" />
              <Command.Input
                value={typed}
                onValueChange={setTyped}
                aria-label={strings.palette.label}
              />
              <kbd className="wide" aria-hidden="true">
                esc
              </kbd>
              <Dialog.Close className="btn quiet phone">{strings.common.close}</Dialog.Close>
            </div>
            <Hits q={q} found={found} actions={actions} doors={doors} onClose={onClose} />
          </Command>
          <Foot isComplete={found?.complete ?? true} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Tracks what Enter opens: the entry you moved to, or the first one once other results arrive. */
function useSelection(found: Found, actions: PaletteAction[]) {
  const [moved, setMoved] = useState({ found, to: '' })
  const [task, machine, project, action] = [
    found?.tasks[0],
    found?.machines[0],
    found?.projects[0],
    actions[0],
  ]
  const first =
    (task && `task ${task.id}`) ||
    (machine && `machine ${machine.id}`) ||
    (project && `project ${project.key}`) ||
    (action && `act ${action.name}`) ||
    ''
  const isMoved = moved.to !== '' && moved.found === found
  return [isMoved ? moved.to : first, (to: string) => setMoved({ found, to })] as const
}

function Hits(props: {
  q: string
  found: Found
  actions: PaletteAction[]
  doors: PaletteNavigation
  onClose: () => void
}) {
  const { q, found, actions, doors, onClose } = props
  const first = found?.tasks[0]
  const renderAction = ({ name, icon, hint, run }: PaletteAction) => {
    const act = () => {
      onClose()
      run()
    }
    return <ActionHit key={name} name={name} icon={icon} hint={hint} q={q} onSelect={act} />
  }
  return (
    <Command.List className="palette-list" label={strings.palette.results}>
      <Group title={strings.palette.tasks}>
        {found?.tasks.map((task) => (
          <TaskHit key={task.id} task={task} q={q} onSelect={() => doors.task(task.id)} />
        ))}
      </Group>
      {first && (
        <Group title={strings.palette.withTask(first.id)}>
          {taskActions(first, doors).map(renderAction)}
        </Group>
      )}
      <Group title={strings.palette.machines}>
        {found?.machines.map((one) => (
          <MachineHit key={one.id} machine={one} q={q} onSelect={() => doors.machine(one.id)} />
        ))}
      </Group>
      <Group title={strings.palette.projects}>
        {found?.projects.map((one) => (
          <ProjectHit key={one.key} project={one} q={q} onSelect={() => doors.project(one.key)} />
        ))}
      </Group>
      <Group title={strings.palette.act}>{actions.map(renderAction)}</Group>
    </Command.List>
  )
}

function Foot({ isComplete }: { isComplete: boolean }) {
  return (
    <div className="palette-foot keys">
      <span>
        <kbd>↑</kbd> <kbd>↓</kbd> {strings.palette.move}
      </span>
      <span>
        <kbd>↵</kbd> {strings.palette.open}
      </span>
      <span className="palette-where">
        {isComplete ? strings.palette.where : strings.palette.notAll}
      </span>
    </div>
  )
}

function Group({ title, children }: { title: string; children?: React.ReactNode[] | undefined }) {
  if (!children?.length) return null
  return <Command.Group heading={title}>{children}</Command.Group>
}
