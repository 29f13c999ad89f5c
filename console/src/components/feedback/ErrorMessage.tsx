import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { CopyButton } from '../controls/CopyButton'

/** An error with a retry button, and the request ID for whoever investigates it. */
export function ErrorMessage({ error, again }: { error: unknown; again?: () => void }) {
  const problem = asProblem(error)
  return (
    <div className="empty" role="alert">
      <h2>{strings.common.broken}</h2>
      <p>
        {problem.status === 0 && problem.code === 'unreachable'
          ? strings.common.unreachable
          : problemText(problem)}
      </p>
      {again && <Button onClick={again}>{strings.common.retry}</Button>}
      {problem.requestId && <RequestId id={problem.requestId} />}
    </div>
  )
}

function RequestId({ id }: { id: string }) {
  return (
    <p className="row dim">
      {strings.common.requestId} <code>{id}</code>
      <CopyButton text={id} what={strings.common.requestId} />
    </p>
  )
}
