import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'

/** The actor of an audit log entry: a developer, a machine, or unknown. */
export function Actor({ entry: { actor, machine } }: { entry: Schemas['AuditEntry'] }) {
  if (actor) return actor.name
  if (machine)
    return (
      <span title={machine.id}>
        {strings.audit.machine} {machine.name}
      </span>
    )
  return <span className="dim">{strings.audit.nobody}</span>
}
