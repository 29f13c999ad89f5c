import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from '../../../components/controls/Button'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { type Recipient, recipientOf } from '../../../lib/task/messages'
import type { TaskDetail } from '../../../queries/task'
import { FollowUpInstead } from './FollowUpInstead'
import { InterruptNotice } from './InterruptNotice'
import styles from './messages.module.css'
import { StopButton } from './StopButton'
import { useMessageForm } from './useMessageForm'

const MAX_LENGTH = 20_000

/** A field for a message to the agent. Enter sends it. If nobody would read it, the reason. */
export function MessageBox({ task }: { task: TaskDetail }) {
  const recipient = recipientOf(task)
  return recipient.canSend ? (
    <MessageForm task={task} recipient={recipient} />
  ) : (
    <NoMessages task={task} recipient={recipient} />
  )
}

function MessageForm({ task, recipient }: { task: TaskDetail; recipient: Recipient }) {
  const form = useMessageForm(task.id)
  const field = useFocusOnCommand()
  const ids = { hint: useId(), error: useId() }
  const agent = agentName(task.agentType)
  const isEmpty = !form.text.trim()
  const submit = (event: { preventDefault: () => void }) => {
    event.preventDefault()
    form.send('next')
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <textarea
        ref={field}
        className="input"
        rows={1}
        maxLength={MAX_LENGTH}
        aria-label={strings.messages.label(agent)}
        aria-describedby={form.problem ? ids.error : ids.hint}
        aria-invalid={form.problem !== null}
        placeholder={strings.messages.label(agent)}
        value={form.text}
        onChange={({ target }) => form.change(target.value)}
        onKeyDown={(event) => isSendKey(event) && submit(event)}
      />
      {recipient.canInterrupt && <StopButton task={task} />}
      {recipient.canSendNow && !isEmpty && (
        <Button
          title={strings.messages.sendNowWhy}
          disabled={form.isPending}
          onClick={() => form.send('now')}
        >
          {strings.messages.sendNow}
        </Button>
      )}
      <Button type="submit" variant="main" disabled={isEmpty || form.isPending}>
        {strings.messages.send}
      </Button>
      <p id={ids.hint} className="hint" data-empty={isEmpty}>
        {strings.messages.arrives[recipient.state === 'next' ? 'next' : 'open'](agent)}
        <span className="wide"> {strings.messages.enterSends}</span>
      </p>
      <InterruptNotice task={task} />
      {form.problem && (
        <SendProblem
          id={ids.error}
          problem={form.problem}
          instead={recipient.canFollowUp && <FollowUpInstead taskId={task.id} text={form.text} />}
        />
      )}
    </form>
  )
}

function isSendKey({ key, shiftKey, nativeEvent }: KeyboardEvent): boolean {
  return key === 'Enter' && !shiftKey && !nativeEvent.isComposing
}

/** Why a message wasn't sent; a follow-up `instead` if it is too late for one. */
function SendProblem(props: {
  id: string
  problem: NonNullable<ReturnType<typeof useMessageForm>['problem']>
  instead: ReactNode
}) {
  return (
    <div className={styles.problem} role="alert">
      <p id={props.id} className="error">
        {props.problem.text}
      </p>
      {props.problem.isTooLate && props.instead}
    </div>
  )
}

/** Why no agent would read a message, and a follow-up instead. */
function NoMessages({ task, recipient }: { task: TaskDetail; recipient: Recipient }) {
  const agent = agentName(task.agentType)
  return (
    <div className={styles.foot}>
      <p className="hint grow">
        {recipient.state === 'none'
          ? strings.messages.none[recipient.reason ?? 'no_stage_left'](agent)
          : strings.messages.notYours}
        {recipient.canFollowUp && <span className="wide"> {strings.messages.followUpInstead}</span>}
      </p>
      {recipient.canInterrupt && <StopButton task={task} />}
      {recipient.canFollowUp && <FollowUpInstead taskId={task.id} />}
    </div>
  )
}

/** Focuses the field when a command asks for it (`?do=message`). */
function useFocusOnCommand() {
  const field = useRef<HTMLTextAreaElement>(null)
  const [opened, open] = useUrlDialog<'message'>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: `open` is another one in each render
  useEffect(() => {
    if (opened !== 'message') return
    field.current?.focus()
    open()
  }, [opened])
  return field
}
