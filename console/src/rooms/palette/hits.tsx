import { Command } from 'cmdk'
import { FolderGit2, Server } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { marked } from '../../lib/marked'
import { seen } from '../../lib/seen'
import { lookOf } from '../../lib/status'
import { titleOf } from '../../lib/title'
import { StatusMark } from '../../ui/Status'
import { words } from '../../words'

type Hit = { q: string; onSelect: () => void }

export function TaskHit({ task, q, onSelect }: Hit & { task: Schemas['ListedTask'] }) {
  const look = lookOf(task)
  return (
    <Command.Item className="hit" value={`task ${task.id}`} onSelect={onSelect}>
      <span className="status" data-is={look}>
        <StatusMark look={look} label={words.status[look]} />
      </span>
      <Marked text={titleOf(task.description)} q={q} />
      <span className="dim wide">{task.projectKey}</span>
      <span className="dim">#{task.id}</span>
    </Command.Item>
  )
}

export function MachineHit({ machine, q, onSelect }: Hit & { machine: Schemas['MachineResult'] }) {
  return (
    <Command.Item className="hit" value={`machine ${machine.id}`} onSelect={onSelect}>
      <Server className="i" aria-hidden="true" />
      <Marked text={machine.name} q={q} />
    </Command.Item>
  )
}

export function ProjectHit({ project, q, onSelect }: Hit & { project: Schemas['ProjectResult'] }) {
  return (
    <Command.Item className="hit" value={`project ${project.key}`} onSelect={onSelect}>
      <FolderGit2 className="i" aria-hidden="true" />
      <Marked text={project.name} q={q} />
      <span className="dim">{project.key}</span>
    </Command.Item>
  )
}

export function ActHit(props: Hit & { name: string; icon: ReactNode; hint?: string | undefined }) {
  return (
    <Command.Item className="hit" value={`act ${props.name}`} onSelect={props.onSelect}>
      {props.icon}
      <Marked text={props.name} q={props.q} />
      {props.hint && (
        <kbd className="wide" aria-hidden="true">
          {props.hint}
        </kbd>
      )}
    </Command.Item>
  )
}

function Marked({ text, q }: { text: string; q: string }) {
  return (
    <span className="grow cut">
      {marked(text, q).map((piece, place) =>
        piece.isHit ? <mark key={place}>{seen(piece.text)}</mark> : seen(piece.text),
      )}
    </span>
  )
}
