import { Button } from '../../../components/controls/Button'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { strings } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { useSettings } from '../../../queries/adminSettings'
import { AdminLayout } from '../AdminLayout'
import styles from '../admin.module.css'
import { Prices } from './Prices'
import { Providers } from './Providers'
import { SettingsForm } from './SettingsForm'

const PARTS = ['general', 'prices', 'sso'] as const
type Part = (typeof PARTS)[number]

/** The server's settings, the prices of agents' tokens, and the single sign-on providers. */
export default function SettingsPage() {
  const [search, change] = useUrlSearch<{ part?: string }>()
  const part: Part = PARTS.find((one) => one === search.part) ?? 'general'
  return (
    <AdminLayout title={strings.admin.settings}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields */}
      <div className={`join ${styles.parts}`} role="group" aria-label={strings.admin.settings}>
        {PARTS.map((one) => (
          <Button
            key={one}
            aria-pressed={one === part}
            onClick={() => change({ part: one === 'general' ? undefined : one })}
          >
            {settingStrings[one]}
          </Button>
        ))}
      </div>
      <PartContent part={part} />
    </AdminLayout>
  )
}

function PartContent({ part }: { part: Part }) {
  const settings = useSettings()
  if (part === 'sso') return <Providers />
  if (settings.isPending) return <Skeleton />
  if (settings.isError)
    return <ErrorMessage error={settings.error} again={() => settings.refetch()} />
  const { registry } = settings.data
  return part === 'prices' ? <Prices registry={registry} /> : <SettingsForm registry={registry} />
}
