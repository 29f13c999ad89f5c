import type { Schemas } from '../../../api/client'
import { curlOf } from '../../../lib/curl'
import { isAsked, useGate } from '../../../queries/gates'
import { CopyLine } from '../../../ui/Copy'
import { Dialog } from '../../../ui/Dialog'
import { words } from '../../../words'
import { optionsOf } from '../../gate/options'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }
type Act = { name: string; method: string; path: string; body?: unknown }

/** Every act of the page, as a line for a terminal. */
export default function CurlDialog({ task, onClose }: Props) {
  const gate = useGate(task).data
  const acts = [...actsOf(task), ...(gate && isAsked(task) ? answersOf(task.id, gate) : [])]
  return (
    <Dialog title={words.task.curl} isOpen onClose={onClose}>
      <p className="hint">{words.task.curlWhy}</p>
      {acts.map(({ name, method, path, body }) => (
        <div key={name} className="field">
          <span className="label">{name}</span>
          <CopyLine text={curlOf({ method, url: location.origin + path, body })} what={name} />
        </div>
      ))}
    </Dialog>
  )
}

function actsOf({ id, status }: Schemas['TaskDetail']): Act[] {
  const at = `/api/web/tasks/${id}`
  const isEnded = ['completed', 'failed', 'cancelled'].includes(status)
  const acts: Act[] = [
    { name: `#${id}`, method: 'GET', path: at },
    {
      name: words.task.followUp,
      method: 'POST',
      path: `${at}/follow-ups`,
      body: { instruction: '…', fromStage: 0 },
    },
    { name: words.task.evidence, method: 'GET', path: `${at}/evidence` },
  ]
  if (!isEnded) acts.push({ name: words.task.cancel, method: 'POST', path: `${at}/cancel` })
  if (isEnded && status !== 'completed') {
    acts.push({
      name: words.task.retry,
      method: 'POST',
      path: `${at}/retry`,
      body: { fromStage: 0 },
    })
  }
  return acts
}

function answersOf(taskId: number, gate: Schemas['PendingGate']): Act[] {
  const { round, stageIndex, number } = gate
  const options = optionsOf(gate).map(({ result, name }) => ({ result, name }))
  const said = options.length > 0 ? options : [{ result: '…', name: words.gate.answer }]
  return said.map(({ result, name }) => ({
    name,
    method: 'POST',
    path: `/api/web/tasks/${taskId}/confirm-stage`,
    body: { round, stageIndex, number, result },
  }))
}
