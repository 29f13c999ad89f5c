import { asProblem } from '../api/problem'
import { words } from '../words'
import { Button } from './Button'
import { Copy } from './Copy'
import { detailOf } from './detail'

/** What failed, a way to try again, and the request's id for whoever looks it up. */
export function Broken({ error, again }: { error: unknown; again?: () => void }) {
  const problem = asProblem(error)
  return (
    <div className="empty" role="alert">
      <h2>{words.common.broken}</h2>
      <p>
        {problem.status === 0 && problem.code === 'unreachable'
          ? words.common.unreachable
          : detailOf(problem)}
      </p>
      {again && <Button onClick={again}>{words.common.retry}</Button>}
      {problem.requestId && <RequestId id={problem.requestId} />}
    </div>
  )
}

function RequestId({ id }: { id: string }) {
  return (
    <p className="row dim">
      {words.common.requestId} <code>{id}</code>
      <Copy text={id} what={words.common.requestId} />
    </p>
  )
}
