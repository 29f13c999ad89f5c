import { Dialog } from '@base-ui/react/dialog'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { useFound } from '../../queries/search'
import { words } from '../../words'
import { type Act, actsEverywhere, actsWithTask } from './acts'
import { ActHit, MachineHit, ProjectHit, TaskHit } from './hits'
import { useDoors } from './useDoors'

/** `⌘K`: find and go, or act, from anywhere. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useFound(q)
  const doors = useDoors(onClose)
  const first = found?.tasks[0]
  const act = ({ name, icon, hint, run }: Act) => (
    <ActHit
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
        <Dialog.Popup className="dialog palette" aria-label={words.palette.label}>
          <Command shouldFilter={false} loop label={words.palette.label}>
            <div className="palette-find">
              <Search className="i" aria-hidden="true" />
              <Command.Input
                value={typed}
                onValueChange={setTyped}
                aria-label={words.palette.label}
              />
              <kbd className="wide" aria-hidden="true">
                esc
              </kbd>
              <Dialog.Close className="btn quiet phone">{words.common.close}</Dialog.Close>
            </div>
            <Command.List className="palette-list" label={words.palette.results}>
              <Group title={words.palette.tasks}>
                {found?.tasks.map((task) => (
                  <TaskHit key={task.id} task={task} q={q} onSelect={() => doors.task(task.id)} />
                ))}
              </Group>
              {first && (
                <Group title={words.palette.withTask(first.id)}>
                  {actsWithTask(first, doors).map(act)}
                </Group>
              )}
              <Group title={words.palette.machines}>
                {found?.machines.map((machine) => (
                  <MachineHit
                    key={machine.id}
                    machine={machine}
                    q={q}
                    onSelect={() => doors.machine(machine.id)}
                  />
                ))}
              </Group>
              <Group title={words.palette.projects}>
                {found?.projects.map((project) => (
                  <ProjectHit
                    key={project.key}
                    project={project}
                    q={q}
                    onSelect={() => doors.project(project.key)}
                  />
                ))}
              </Group>
              <Group title={words.palette.act}>{actsEverywhere(q, doors).map(act)}</Group>
            </Command.List>
          </Command>
          <div className="palette-foot keys">
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> {words.palette.move}
            </span>
            <span>
              <kbd>↵</kbd> {words.palette.open}
            </span>
            <span className="palette-where">
              {found && !found.complete ? words.palette.notAll : words.palette.where}
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
