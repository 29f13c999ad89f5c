import type { Schemas } from '../../../api/client'
import { CopyButton } from '../../../components/controls/CopyButton'
import { Dialog } from '../../../components/dialogs/Dialog'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { strings } from '../../../i18n'
import styles from '../admin.module.css'
import { Actor } from './Actor'
import { type Change, changesOf, type NamedText } from './changes'
import { Target } from './Target'

type Entry = Schemas['AuditEntry']

/** An entry of the audit log: its facts, and the values before and after. */
export function EntryDialog({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const changes = changesOf(
    entry.changes?.before ?? null,
    entry.changes?.after ?? null,
    entry.names,
  )
  return (
    <Dialog isOpen title={entry.action} onClose={onClose}>
      <dl className="facts">
        <dt>{strings.audit.when}</dt>
        <dd>
          <RelativeTime at={entry.at} /> <span className="dim mono">{entry.at}</span>
        </dd>
        <dt>{strings.audit.who}</dt>
        <dd>
          <Actor entry={entry} />
        </dd>
        <dt>{strings.audit.whom}</dt>
        <dd>
          <Target entry={entry} />
          {entry.targetName && (
            <>
              {' '}
              <code className="dim">{entry.targetId}</code>
            </>
          )}
        </dd>
        <dt>{strings.audit.address}</dt>
        <dd className="mono">{entry.remoteAddress ?? '–'}</dd>
        {entry.requestId && (
          <>
            <dt>{strings.common.requestId}</dt>
            <dd>
              <code>{entry.requestId}</code>{' '}
              <CopyButton text={entry.requestId} what={strings.common.requestId} />
            </dd>
          </>
        )}
      </dl>
      <h3>{strings.audit.changes}</h3>
      {changes.length > 0 ? (
        <Changes changes={changes} />
      ) : (
        <p className="dim">{strings.audit.noChanges}</p>
      )}
    </Dialog>
  )
}

function Changes({ changes }: { changes: Change[] }) {
  return (
    <table className={styles.changes}>
      <thead>
        <tr>
          <th scope="col">{strings.audit.field}</th>
          <th scope="col">{strings.audit.before}</th>
          <th scope="col">{strings.audit.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <Value className={styles.before} value={before} />
            <Value className={styles.after} value={after} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Value({ value, className }: { value: NamedText | null; className: string | undefined }) {
  if (value === null) return <td>–</td>
  return (
    <td className={className} title={value.text === value.named ? undefined : value.text}>
      {value.named}
    </td>
  )
}
