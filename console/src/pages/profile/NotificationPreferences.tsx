import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../api/client'
import { Skeleton } from '../../components/feedback/Skeleton'
import { Section } from '../../components/page/Section'
import { type Column, Table } from '../../components/tables/Table'
import { strings } from '../../i18n'
import { savePreferences, setCachedPreferences, usePreferences } from '../../queries/profile'
import { showErrorToast } from '../../state/toasts'
import styles from './profile.module.css'

type Preferences = Schemas['Preferences']
type Kind = keyof Preferences
type Choice = Schemas['NotificationChoice']
type ChangePreference = (kind: Kind, change: Partial<Choice>) => void

/** What you are notified of, where, and for which tasks. A change applies at once. */
export function NotificationPreferences() {
  const preferences = usePreferences()
  const saving = useMutation({ mutationFn: savePreferences })
  const choose: ChangePreference = (kind, change) => {
    if (!preferences) return
    setCachedPreferences({ ...preferences, [kind]: { ...preferences[kind], ...change } })
    const rollBack = (error: Error) => {
      setCachedPreferences(preferences)
      showErrorToast(error)
    }
    saving.mutate({ [kind]: change }, { onError: rollBack })
  }
  return (
    <Section
      id="notifications"
      title={strings.profile.notifications}
      about={strings.profile.notificationsAbout}
    >
      {preferences ? (
        <Table
          label={strings.profile.notifications}
          columns={columns(preferences, choose)}
          rows={Object.keys(strings.profile.kinds) as Kind[]}
          keyOf={(kind) => kind}
        />
      ) : (
        <Skeleton />
      )}
    </Section>
  )
}

const columns = (preferences: Preferences, choose: ChangePreference): Column<Kind>[] => [
  { name: strings.profile.notificationType, cell: (kind) => strings.profile.kinds[kind] },
  ...(['inApp', 'chat'] as const).map((where) => ({
    name: strings.profile[where],
    width: '88px',
    cell: (kind: Kind) => (
      <label className={styles.hit}>
        <input
          type="checkbox"
          aria-label={`${strings.profile.kinds[kind]}${strings.common.separators.colon}${strings.profile[where]}`}
          checked={preferences[kind][where]}
          onChange={(event) => choose(kind, { [where]: event.target.checked })}
        />
      </label>
    ),
  })),
  {
    name: strings.profile.ofWhich,
    width: '168px',
    cell: (kind) => (
      <select
        className={`input ${styles.where}`}
        aria-label={`${strings.profile.kinds[kind]}${strings.common.separators.colon}${strings.profile.ofWhich}`}
        value={preferences[kind].scope}
        onChange={(event) => choose(kind, { scope: event.target.value as Choice['scope'] })}
      >
        <option value="own">{strings.profile.own}</option>
        <option value="projects">{strings.profile.projects}</option>
      </select>
    ),
  },
]
