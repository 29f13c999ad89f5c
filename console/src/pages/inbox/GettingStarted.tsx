import { Link } from '@tanstack/react-router'
import { Button } from '../../components/controls/Button'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import {
  type Step,
  useDismissGettingStarted,
  useGettingStarted,
  useGettingStartedUpdates,
} from '../../queries/gettingStarted'
import { useMe } from '../../queries/me'
import { useNewTask } from '../layout/useNewTask'
import { stepSentence } from '../projects/checkText'
import styles from './GettingStarted.module.css'
import { findStepLink } from './stepLinks'

const ICONS = { open: 'future', working: 'running', done: 'completed', failed: 'failed' } as const

/** What an empty server needs until its first task completes: each step with its state, a sentence
 *  and one button. With `hasItems`, the inbox has the page's main button. */
export default function GettingStarted({ hasItems }: { hasItems: boolean }) {
  const steps = useGettingStarted()
  const isAdmin = useMe()?.role === 'admin'
  const dismiss = useDismissGettingStarted()
  useGettingStartedUpdates()
  if (!steps) return null
  const next = hasItems ? undefined : steps.find((step) => findStepLink(step, isAdmin))
  return (
    <section className={styles.started} aria-labelledby="getting-started">
      <div className={styles.head}>
        <h2 id="getting-started">{strings.gettingStarted.title}</h2>
        {isAdmin && (
          <Button variant="quiet" disabled={dismiss.isPending} onClick={() => dismiss.mutate()}>
            {strings.gettingStarted.dismiss}
          </Button>
        )}
      </div>
      <ol className="panel">
        {steps.map((step) => (
          <StepRow key={step.step} step={step} isAdmin={isAdmin} isNext={step === next} />
        ))}
      </ol>
    </section>
  )
}

function StepRow(props: { step: Step; isAdmin: boolean; isNext: boolean }) {
  const { step, isAdmin, isNext } = props
  const texts = strings.gettingStarted
  return (
    <li className={styles.step}>
      <span className="tone" data-is={ICONS[step.state]}>
        <StatusIcon look={ICONS[step.state]} />
      </span>
      <b>{texts.steps[step.step]}</b>
      <span className={styles.state}>{texts.states[step.state]}</span>
      <span className={styles.why}>{describeStep(step)}</span>
      <StepButton step={step} isAdmin={isAdmin} isNext={isNext} />
    </li>
  )
}

function StepButton(props: { step: Step; isAdmin: boolean; isNext: boolean }) {
  const newTask = useNewTask()
  const link = findStepLink(props.step, props.isAdmin)
  if (!link) return null
  if (link === 'new-task') {
    return (
      <Button variant={props.isNext ? 'main' : undefined} onClick={() => newTask.open()}>
        {strings.common.newTask}
      </Button>
    )
  }
  return (
    <Link className={props.isNext ? 'btn main' : 'btn'} {...(link.place as { to: '/' })}>
      {link.name}
    </Link>
  )
}

function describeStep({ step, state, reason, detail, check }: Step): string {
  const [name = '', ...rest] = revealInvisible(detail ?? '').split(': ')
  const more = rest.join(': ').replace(/\((\w+)\)/g, describeAgentReason)
  const sentences = strings.gettingStarted.sentences[step]
  const sentenceOf = sentences?.[reason ?? state] ?? sentences?.[state]
  const sentence = sentenceOf?.(name, more) ?? ''
  if (!check) return sentence
  const { checked } = strings.gettingStarted
  const found = revealInvisible(stepSentence(check))
  return [sentence, check.state === 'passed' && checked, found].filter(Boolean).join(' ')
}

function describeAgentReason(inBrackets: string, code: string): string {
  const text = strings.machines.agentReasons[code]
  return text ? `(${text})` : inBrackets
}
