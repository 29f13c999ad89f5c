import type { Schemas } from '../../api/client'
import { Copy } from '../../ui/Copy'
import { Dialog } from '../../ui/Dialog'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './admin.module.css'
import { type Change, changesOf } from './changes'
import { Who } from './Who'

type Entry = Schemas['AuditEntry']

/** One entry of the audit log: its facts, and what was before and after. */
export function EntryDialog({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const changes = changesOf(entry.changes?.before ?? null, entry.changes?.after ?? null)
  return (
    <Dialog isOpen title={entry.action} onClose={onClose}>
      <dl className="facts">
        <dt>{words.audit.when}</dt>
        <dd>
          <When at={entry.at} /> <span className="dim mono">{entry.at}</span>
        </dd>
        <dt>{words.audit.who}</dt>
        <dd>
          <Who entry={entry} />
        </dd>
        <dt>{words.audit.whom}</dt>
        <dd>
          {entry.targetType} <code>{entry.targetId}</code>
        </dd>
        <dt>{words.audit.address}</dt>
        <dd className="mono">{entry.remoteAddress ?? '–'}</dd>
        {entry.requestId && (
          <>
            <dt>{words.common.requestId}</dt>
            <dd>
              <code>{entry.requestId}</code>{' '}
              <Copy text={entry.requestId} what={words.common.requestId} />
            </dd>
          </>
        )}
      </dl>
      <h3>{words.audit.changes}</h3>
      {changes.length > 0 ? (
        <Changes changes={changes} />
      ) : (
        <p className="dim">{words.audit.noChanges}</p>
      )}
    </Dialog>
  )
}

function Changes({ changes }: { changes: Change[] }) {
  return (
    <table className={styles.changes}>
      <thead>
        <tr>
          <th scope="col">{words.audit.field}</th>
          <th scope="col">{words.audit.before}</th>
          <th scope="col">{words.audit.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td className={before === null ? undefined : styles.before}>{before ?? '–'}</td>
            <td className={after === null ? undefined : styles.after}>{after ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
