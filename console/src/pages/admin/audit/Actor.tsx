import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'

/** Who did what an entry of the audit log tells: a person, a machine, or nobody that is known. */
export function Actor({ entry: { actor, machine } }: { entry: Schemas['AuditEntry'] }) {
  if (actor) return actor.name
  if (machine) return `${strings.audit.machine} ${machine.name}`
  return <span className="dim">{strings.audit.nobody}</span>
}
