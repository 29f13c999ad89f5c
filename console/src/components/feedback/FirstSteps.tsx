import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { locale, strings } from '../../i18n'
import { formatList } from '../../lib/format/sentences'
import { useGettingStarted } from '../../queries/gettingStarted'
import { useHasMachine } from '../../queries/machines'
import { useMe } from '../../queries/me'
import { useDeveloperOptions, useProjectKeys } from '../../queries/options'

const MAX_NAMES = 5

/** What this server or this user still needs before creating tasks: on a new server a link to
 *  *Getting started*, otherwise links for admins, whom to ask for other users. Shows `children` if
 *  nothing is missing. */
export function FirstSteps({ children }: { children?: ReactNode }) {
  const me = useMe()
  const hasProject = useProjectKeys()?.length !== 0
  const hasMachine = useHasMachine() !== false
  const steps = useGettingStarted()
  if (!me || (hasProject && hasMachine)) return children
  if (steps) return <GettingStartedLink />
  const texts = strings.firstSteps
  const missing = [!hasProject && texts.project, !hasMachine && texts.machine].filter(
    (it) => it !== false,
  )
  return (
    <>
      <p>{texts.needs(formatList(missing, locale))}</p>
      {me.role !== 'admin' && <Admins />}
      {me.role === 'admin' && (
        <p className="row wrap">
          {!hasProject && (
            <Link className="btn main" to="/projects" search={{ add: '1' } as never}>
              {texts.createProject}
            </Link>
          )}
          {!hasMachine && (
            <Link className="btn main" to="/machines" search={{ add: '1' } as never}>
              {texts.addMachine}
            </Link>
          )}
        </p>
      )}
    </>
  )
}

function GettingStartedLink() {
  return (
    <p>
      <Link className="btn main" to="/">
        {strings.gettingStarted.title}
      </Link>
    </p>
  )
}

function Admins() {
  const admins = useDeveloperOptions()?.filter(({ role }) => role === 'admin')
  if (!admins) return null
  const names = admins.slice(0, MAX_NAMES).map(({ name }) => name)
  return <p>{strings.firstSteps.ask(formatList(names, locale, 'disjunction'))}</p>
}
