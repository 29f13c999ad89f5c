import { Command } from 'cmdk'
import { FolderGit2, Server } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { highlightMatches } from '../../lib/format/highlight'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import type { Command as PaletteCommand } from './command'

type Hit = { q: string; onSelect: () => void }

export function TaskHit({ task, q, onSelect }: Hit & { task: Schemas['FoundTask'] }) {
  const look = displayStatus(task)
  return (
    <Command.Item className="hit" value={`task ${task.id}`} onSelect={onSelect}>
      <span className="status" data-is={look}>
        <StatusIcon look={look} label={strings.status[look]} />
      </span>
      <HighlightedText text={titleOf(task.description)} q={q} />
      <span className="dim wide">{task.projectKey}</span>
      <span className="dim">#{task.id}</span>
    </Command.Item>
  )
}

export function MachineHit({
  machine,
  q,
  onSelect,
}: Hit & { machine: Pick<Schemas['MachineResult'], 'id' | 'name'> }) {
  return (
    <Command.Item className="hit" value={`machine ${machine.id}`} onSelect={onSelect}>
      <Server className="i" aria-hidden="true" />
      <HighlightedText text={machine.name} q={q} />
    </Command.Item>
  )
}

export function ProjectHit({
  project,
  q,
  onSelect,
}: Hit & { project: Pick<Schemas['ProjectResult'], 'key' | 'name'> }) {
  return (
    <Command.Item className="hit" value={`project ${project.key}`} onSelect={onSelect}>
      <FolderGit2 className="i" aria-hidden="true" />
      <HighlightedText text={project.name} q={q} />
      <span className="dim">{project.key}</span>
    </Command.Item>
  )
}

export function CommandHit({ command, q, onSelect }: Hit & { command: PaletteCommand }) {
  const { id, names, icon: Icon, about, keys } = command
  return (
    <Command.Item className="hit" value={`act ${id}`} onSelect={onSelect}>
      <Icon className="i" aria-hidden="true" />
      <HighlightedText text={names[0] ?? ''} q={q} />
      {about && <span className="dim">{about}</span>}
      {keys && (
        <span className="wide" aria-hidden="true">
          {keys.split(' ').map((key) => (
            <kbd key={key}>{key.toUpperCase()}</kbd>
          ))}
        </span>
      )}
    </Command.Item>
  )
}

function HighlightedText({ text, q }: { text: string; q: string }) {
  return (
    <span className="grow cut">
      {highlightMatches(text, q).map((piece, place) =>
        piece.isHit ? (
          <mark key={place}>{revealInvisible(piece.text)}</mark>
        ) : (
          revealInvisible(piece.text)
        ),
      )}
    </span>
  )
}
