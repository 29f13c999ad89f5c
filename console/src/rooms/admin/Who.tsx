import type { Schemas } from '../../api/client'
import { words } from '../../words'

/** Who did what an entry of the audit log tells: a person, a machine, or nobody that is known. */
export function Who({ entry: { actor, machine } }: { entry: Schemas['AuditEntry'] }) {
  if (actor) return actor.name
  if (machine) return `${words.audit.machine} ${machine.name}`
  return <span className="dim">{words.audit.nobody}</span>
}
