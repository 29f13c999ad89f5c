import { Dialog } from '@base-ui/react/dialog'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { Fragment, type KeyboardEvent, useDeferredValue, useState } from 'react'
import { strings } from '../../i18n'
import { commandNames, paletteStrings } from '../../i18n/palette'
import { useSearchResults } from '../../queries/search'
import { hitSections, listSections, type Run, type Section } from './sections'
import { useCommands } from './useCommands'
import { type PaletteNavigation, usePaletteNavigation } from './usePaletteNavigation'
import { type Choice, useCandidates, usePageSubject } from './useSubjects'
import { useViewer } from './useViewer'

type Props = { onShowKeys: () => void; onClose: () => void }

/** The command palette, opened with `⌘K`: finds things and runs commands from anywhere. */
export default function Palette({ onShowKeys, onClose }: Props) {
  const [typed, setTyped] = useState('')
  const [choice, choose] = useState<Choice | null>(null)
  const q = useDeferredValue(typed.trim())
  const ask = (next: Choice | null) => {
    choose(next)
    setTyped('')
  }
  const { sections, isComplete } = useSections({ q, choice, ask, onShowKeys, onClose })
  const [selected, select] = useSelection(sections)
  const goBack = (event: KeyboardEvent) => {
    if (choice && event.key === 'Backspace' && typed === '') ask(null)
  }
  const label = choice ? (commandNames(choice.command.id)[0] ?? '') : paletteStrings().label
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="shade" />
        <Dialog.Popup className="dialog palette" aria-label={label}>
          <Command
            shouldFilter={false}
            loop
            label={label}
            value={selected}
            onValueChange={select}
            onKeyDown={goBack}
          >
            <div className="palette-find">
              <Search className="i" aria-hidden="true" />
              {choice && <span className="badge">{label}</span>}
              <Command.Input value={typed} onValueChange={setTyped} aria-label={label} />
              <kbd className="wide" aria-hidden="true">
                esc
              </kbd>
              <Dialog.Close className="btn quiet phone">{strings.common.close}</Dialog.Close>
            </div>
            <Hits sections={sections} />
          </Command>
          <Foot isComplete={isComplete} canGoBack={choice !== null} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Returns what the palette lists: everything, or what the chosen command can be run for. */
function useSections(
  given: Props & { q: string; choice: Choice | null; ask: (choice: Choice | null) => void },
) {
  const { q, choice, ask, onShowKeys, onClose } = given
  const navigation = usePaletteNavigation()
  const viewer = useViewer()
  const subject = usePageSubject()
  const commands = useCommands({ viewer, navigation, subject, onChoose: ask, onShowKeys })
  const found = useSearchResults(choice ? '' : q)
  const candidates = useCandidates(choice, q, viewer)
  const onRun: Run = ({ run, isOpenAfter }) => {
    if (!isOpenAfter) onClose()
    run()
  }
  const sections = choice
    ? hitSections(candidates, q, onChosen(choice, navigation, onClose))
    : listSections({ q, found, commands, subject, viewer, navigation, onRun })
  return { sections, isComplete: found?.complete ?? true }
}

/** Returns what to do with the chosen task, machine or project. */
function onChosen(choice: Choice, navigation: PaletteNavigation, onClose: () => void) {
  const run = <T,>(command: { run: (on: T, navigation: PaletteNavigation) => void }, on: T) => {
    onClose()
    command.run(on, navigation)
  }
  const { kind, command } = choice
  type Candidates = ReturnType<typeof useCandidates>
  return {
    task: (on: Candidates['tasks'][number]) => kind === 'task' && run(command, on),
    machine: (on: Candidates['machines'][number]) => kind === 'machine' && run(command, on),
    project: (on: Candidates['projects'][number]) => kind === 'project' && run(command, on),
  }
}

/** Tracks what Enter opens: the entry you moved to, or the first one once the entries change. */
function useSelection(sections: Section[]) {
  const values = sections.flatMap(({ entries }) => entries.map(({ value }) => value))
  const listed = values.join('\n')
  const [moved, setMoved] = useState({ listed, to: '' })
  const isMoved = moved.to !== '' && moved.listed === listed
  return [isMoved ? moved.to : (values[0] ?? ''), (to: string) => setMoved({ listed, to })] as const
}

function Hits({ sections }: { sections: Section[] }) {
  return (
    <Command.List className="palette-list" label={paletteStrings().results}>
      {sections.length === 0 && <p className="dim">{paletteStrings().none}</p>}
      {sections.map(({ title, entries }) => (
        <Command.Group key={title} heading={title}>
          {entries.map(({ value, node }) => (
            <Fragment key={value}>{node}</Fragment>
          ))}
        </Command.Group>
      ))}
    </Command.List>
  )
}

function Foot({ isComplete, canGoBack }: { isComplete: boolean; canGoBack: boolean }) {
  const texts = paletteStrings()
  return (
    <div className="palette-foot keys">
      <span>
        <kbd>↑</kbd> <kbd>↓</kbd> {texts.move}
      </span>
      <span>
        <kbd>↵</kbd> {texts.open}
      </span>
      {canGoBack && (
        <span>
          <kbd>⌫</kbd> {texts.back}
        </span>
      )}
      {!canGoBack && (
        <span className="palette-where">{isComplete ? texts.where : texts.notAll}</span>
      )}
    </div>
  )
}
