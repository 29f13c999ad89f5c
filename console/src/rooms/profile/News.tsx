import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../api/client'
import { savePreferences, showPreferences, usePreferences } from '../../queries/profile'
import { Ghost } from '../../ui/Ghost'
import { Section } from '../../ui/Section'
import { type Column, Table } from '../../ui/Table'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import styles from './profile.module.css'

type Preferences = Schemas['Preferences']
type Kind = keyof Preferences
type Choice = Schemas['NotificationChoice']
type Choose = (kind: Kind, change: Partial<Choice>) => void

/** What one is told of, where, and of which tasks. A change is in force at once. */
export function News() {
  const preferences = usePreferences()
  const saving = useMutation({ mutationFn: savePreferences })
  const choose: Choose = (kind, change) => {
    if (!preferences) return
    showPreferences({ ...preferences, [kind]: { ...preferences[kind], ...change } })
    const goBack = (error: Error) => {
      showPreferences(preferences)
      sayBroken(error)
    }
    saving.mutate({ [kind]: change }, { onError: goBack })
  }
  return (
    <Section title={words.profile.news} about={words.profile.newsAbout}>
      {preferences ? (
        <Table
          label={words.profile.news}
          columns={columns(preferences, choose)}
          rows={Object.keys(words.profile.kinds) as Kind[]}
          keyOf={(kind) => kind}
        />
      ) : (
        <Ghost />
      )}
    </Section>
  )
}

const columns = (preferences: Preferences, choose: Choose): Column<Kind>[] => [
  { name: words.profile.newsKind, cell: (kind) => words.profile.kinds[kind] },
  ...(['inApp', 'chat'] as const).map((where) => ({
    name: words.profile[where],
    width: '88px',
    cell: (kind: Kind) => (
      <label className={styles.hit}>
        <input
          type="checkbox"
          aria-label={`${words.profile.kinds[kind]}: ${words.profile[where]}`}
          checked={preferences[kind][where]}
          onChange={(event) => choose(kind, { [where]: event.target.checked })}
        />
      </label>
    ),
  })),
  {
    name: words.profile.ofWhich,
    width: '168px',
    cell: (kind) => (
      <select
        className={`input ${styles.where}`}
        aria-label={`${words.profile.kinds[kind]}: ${words.profile.ofWhich}`}
        value={preferences[kind].scope}
        onChange={(event) => choose(kind, { scope: event.target.value as Choice['scope'] })}
      >
        <option value="own">{words.profile.own}</option>
        <option value="projects">{words.profile.projects}</option>
      </select>
    ),
  },
]
