import { seen } from '../../lib/seen'
import type { PendingGate } from '../../queries/gates'
import { words } from '../../words'

/** What stands where the task's branch was to be. */
export function FoundBranch({ branch }: { branch: NonNullable<PendingGate['branch']> }) {
  return (
    <dl className="facts">
      <dt>{words.gate.found}</dt>
      <dd>
        {branch.found ? (
          <>
            <code title={branch.found}>{branch.found.slice(0, 7)}</code>{' '}
            {branch.subject && seen(words.gate.foundBy(branch.by, branch.subject))}
          </>
        ) : (
          words.gate.foundGone
        )}
      </dd>
      <dt>{words.gate.expected}</dt>
      <dd>
        {branch.expected ? (
          <code title={branch.expected}>{branch.expected.slice(0, 7)}</code>
        ) : (
          words.gate.expectedNone
        )}
      </dd>
      <dt>{words.gate.ours}</dt>
      <dd>
        <code title={branch.commit}>{branch.commit.slice(0, 7)}</code>
      </dd>
      {branch.why && (
        <>
          <dt>{words.gate.remoteSays}</dt>
          <dd>{seen(branch.why)}</dd>
        </>
      )}
    </dl>
  )
}
