import type { Schemas } from '../../../api/client'

/** What an action was about: its name, with its ID on hover, or its ID. */
export function Target({ entry }: { entry: Schemas['AuditEntry'] }) {
  const { targetType, targetId, targetName } = entry
  return (
    <span title={targetId}>
      {targetType.replaceAll('_', ' ')} {targetName ?? <code>{targetId}</code>}
    </span>
  )
}
