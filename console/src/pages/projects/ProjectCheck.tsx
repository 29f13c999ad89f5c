import { Link } from '@tanstack/react-router'
import { type MouseEvent, useRef } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { type FormValues, readForm } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { type CheckResult, type CheckStep, useProjectCheck } from '../../queries/projectChecks'
import { saveProject } from '../../queries/projects'
import { showErrorToast } from '../../state/toasts'
import { checkBody, stepSentence } from './checkText'
import { HostKeys } from './HostKeys'
import styles from './projectCheck.module.css'

/** A button that checks what its form contains, and the results. `projectKey` is null for a
 *  project that isn't created yet. */
export function ProjectCheck({ projectKey }: { projectKey: string | null }) {
  const texts = strings.projectChecks
  const check = useProjectCheck(projectKey)
  const form = useRef<HTMLFormElement | null>(null)
  const run = () => {
    const given: FormValues = readForm(form.current ?? undefined)
    check.start(checkBody(given))
  }
  const start = ({ currentTarget }: MouseEvent<HTMLButtonElement>) => {
    form.current = currentTarget.form
    run()
  }
  const hostKeys = check.result?.hostKeys ?? []
  const accept = async () => {
    const knownHosts = addKnownHosts(form.current, hostKeys)
    try {
      if (projectKey) await saveProject(projectKey, { knownHosts })
      run()
    } catch (error) {
      showErrorToast(error)
    }
  }
  return (
    <div className={styles.check}>
      <div className="row wrap">
        <Button disabled={check.isRunning} onClick={start}>
          {check.isRunning ? texts.checking : texts.check}
        </Button>
        <span className="hint">{texts.what}</span>
      </div>
      <div role="status">
        {check.error && <p className="error">{problemText(asProblem(check.error))}</p>}
        {check.result && !check.isRunning && (
          <p>
            {texts.states[check.result.state]}{' '}
            {check.result.machine && <span className="dim">{texts.on(check.result.machine)}</span>}
          </p>
        )}
      </div>
      {check.result && !check.isRunning && (
        <ul className={styles.steps}>
          {check.result.steps.map((step) => (
            <Step
              key={`${step.step} ${step.code}`}
              step={step}
              form={form.current}
              hasSecrets={projectKey !== null}
            />
          ))}
        </ul>
      )}
      {!check.isRunning && <HostKeys keys={hostKeys} onAccept={() => void accept()} />}
    </div>
  )
}

/** Adds the keys to the form's known hosts, and returns these. */
function addKnownHosts(form: HTMLFormElement | null, keys: CheckResult['hostKeys']): string {
  const control = form?.elements.namedItem('knownHosts')
  const field = control instanceof HTMLTextAreaElement ? control : null
  const lines = [field?.value.trim(), ...keys.map(({ line }) => line)].filter(Boolean)
  const text = `${lines.join('\n')}\n`
  if (field) field.value = text
  return text
}

function Step(props: { step: CheckStep; form: HTMLFormElement | null; hasSecrets: boolean }) {
  const { step, form, hasSecrets } = props
  const texts = strings.projectChecks
  const control = form?.elements.namedItem(step.field)
  const isProblem = step.state === 'failed' || step.state === 'warning'
  return (
    <li className={styles[step.state]}>
      <b>{texts.stepStates[step.state]}</b> {stepSentence(step)}{' '}
      {isProblem && control instanceof HTMLElement && (
        <Button variant="quiet" size="tiny" onClick={() => control.focus()}>
          {texts.goToField}
        </Button>
      )}
      {isProblem && step.field === 'secrets' && hasSecrets && (
        <Link to="." search={{ part: 'secrets' } as never}>
          {strings.projects.addSecret}
        </Link>
      )}
      {step.details && (
        <details>
          <summary>{texts.details}</summary>
          <pre className="mono">{step.details}</pre>
        </details>
      )}
    </li>
  )
}
