import { Dialog } from '@base-ui/react/dialog'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { strings } from '../../i18n'
import { useSearchResults } from '../../queries/search'
import { globalActions, type PaletteAction, taskActions } from './actions'
import { ActionHit, MachineHit, ProjectHit, TaskHit } from './hits'
import { usePaletteNavigation } from './usePaletteNavigation'

/** `⌘K`: find and go, or act, from anywhere. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useSearchResults(q)
  const doors = usePaletteNavigation(onClose)
  const first = found?.tasks[0]
  const renderAction = ({ name, icon, hint, run }: PaletteAction) => (
    <ActionHit
      key={name}
      name={name}
      icon={icon}
      hint={hint}
      q={q}
      onSelect={() => {
        onClose()
        run()
      }}
    />
  )
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="shade" />
        <Dialog.Popup className="dialog palette" aria-label={strings.palette.label}>
          <Command shouldFilter={false} loop label={strings.palette.label}>
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
                {found?.machines.map((machine) => (
                  <MachineHit
                    key={machine.id}
                    machine={machine}
                    q={q}
                    onSelect={() => doors.machine(machine.id)}
                  />
                ))}
              </Group>
              <Group title={strings.palette.projects}>
                {found?.projects.map((project) => (
                  <ProjectHit
                    key={project.key}
                    project={project}
                    q={q}
                    onSelect={() => doors.project(project.key)}
                  />
                ))}
              </Group>
              <Group title={strings.palette.act}>{globalActions(q, doors).map(renderAction)}</Group>
            </Command.List>
          </Command>
          <div className="palette-foot keys">
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> {strings.palette.move}
            </span>
            <span>
              <kbd>↵</kbd> {strings.palette.open}
            </span>
            <span className="palette-where">
              {found && !found.complete ? strings.palette.notAll : strings.palette.where}
            </span>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Group({ title, children }: { title: string; children?: React.ReactNode[] | undefined }) {
  if (!children?.length) return null
  return <Command.Group heading={title}>{children}</Command.Group>
}
