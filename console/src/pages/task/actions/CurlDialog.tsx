import type { Schemas } from '../../../api/client'
import { CopyableLine } from '../../../components/controls/CopyButton'
import { Dialog } from '../../../components/dialogs/Dialog'
import { optionsOf } from '../../../components/gate/answerOptions'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { curlCommand } from '../../../lib/net/curl'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }
type CurlAction = { name: string; method: string; path: string; body?: unknown }

/** The page's actions as curl commands. */
export default function CurlDialog({ task, onClose }: Props) {
  const { gate } = task
  const acts = [...taskActions(task), ...(gate ? answerActions(task.id, gate) : [])]
  return (
    <Dialog title={strings.task.curl} isOpen onClose={onClose}>
      <p className="hint">{strings.task.curlWhy}</p>
      {acts.map(({ name, method, path, body }) => (
        <div key={name} className="field">
          <span className="label">{name}</span>
          <CopyableLine
            text={curlCommand({ method, url: location.origin + path, body })}
            what={name}
          />
        </div>
      ))}
    </Dialog>
  )
}

function taskActions({ id, status, agentType }: Schemas['TaskDetail']): CurlAction[] {
  const at = `/api/web/tasks/${id}`
  const isEnded = ['completed', 'failed', 'cancelled'].includes(status)
  const acts: CurlAction[] = [
    { name: `#${id}`, method: 'GET', path: at },
    {
      name: strings.task.followUp,
      method: 'POST',
      path: `${at}/follow-ups`,
      body: { instruction: '…', fromStage: 0 },
    },
    { name: strings.task.evidence, method: 'GET', path: `${at}/evidence` },
  ]
  if (!isEnded) {
    const agent = agentName(agentType)
    acts.push(
      {
        name: strings.messages.label(agent),
        method: 'POST',
        path: `${at}/messages`,
        body: { text: '…', when: 'next' },
      },
      { name: strings.messages.stopAgent(agent), method: 'POST', path: `${at}/interrupt` },
      { name: strings.task.cancel, method: 'POST', path: `${at}/cancel` },
    )
  }
  if (isEnded && status !== 'completed') {
    acts.push({
      name: strings.task.retry,
      method: 'POST',
      path: `${at}/retry`,
      body: { fromStage: 0 },
    })
  }
  return acts
}

function answerActions(taskId: number, gate: Schemas['PendingGate']): CurlAction[] {
  const { round, stageIndex, number } = gate
  const options = optionsOf(gate).map(({ result, name }) => ({ result, name }))
  const answers = options.length > 0 ? options : [{ result: '…', name: strings.gate.answer }]
  return answers.map(({ result, name }) => ({
    name,
    method: 'POST',
    path: `/api/web/tasks/${taskId}/confirm-stage`,
    body: { round, stageIndex, number, result },
  }))
}
