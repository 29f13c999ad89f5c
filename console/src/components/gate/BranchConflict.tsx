import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { PendingGate } from '../../queries/gates'

/** What was found where the task's branch should be. */
export function BranchConflict({ branch }: { branch: NonNullable<PendingGate['branch']> }) {
  return (
    <dl className="facts">
      <dt>{strings.gate.found}</dt>
      <dd>
        {branch.found ? (
          <>
            <code title={branch.found}>{branch.found.slice(0, 7)}</code>{' '}
            {branch.subject && revealInvisible(strings.gate.foundBy(branch.by, branch.subject))}
          </>
        ) : (
          strings.gate.foundGone
        )}
      </dd>
      <dt>{strings.gate.expected}</dt>
      <dd>
        {branch.expected ? (
          <code title={branch.expected}>{branch.expected.slice(0, 7)}</code>
        ) : (
          strings.gate.expectedNone
        )}
      </dd>
      <dt>{strings.gate.ours}</dt>
      <dd>
        <code title={branch.commit}>{branch.commit.slice(0, 7)}</code>
      </dd>
      {branch.why && (
        <>
          <dt>{strings.gate.remoteMessage}</dt>
          <dd>{revealInvisible(branch.why)}</dd>
        </>
      )}
    </dl>
  )
}
