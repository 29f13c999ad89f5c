import { useSettings } from '../../queries/adminSettings'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Ghost } from '../../ui/Ghost'
import { useUrl } from '../../ui/useUrl'
import { words } from '../../words'
import { Admin } from './Admin'
import styles from './admin.module.css'
import { Prices } from './Prices'
import { Providers } from './Providers'
import { SettingsForm } from './SettingsForm'

const PARTS = ['general', 'prices', 'sso'] as const
type Part = (typeof PARTS)[number]

/** The server's settings, what agents cost, and by which providers people sign in. */
export default function SettingsPage() {
  const [search, change] = useUrl<{ part?: string }>()
  const part: Part = PARTS.find((one) => one === search.part) ?? 'general'
  return (
    <Admin title={words.admin.settings}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields */}
      <div className={`join ${styles.parts}`} role="group" aria-label={words.admin.settings}>
        {PARTS.map((one) => (
          <Button
            key={one}
            aria-pressed={one === part}
            onClick={() => change({ part: one === 'general' ? undefined : one })}
          >
            {words.settings[one]}
          </Button>
        ))}
      </div>
      <Shown part={part} />
    </Admin>
  )
}

function Shown({ part }: { part: Part }) {
  const settings = useSettings()
  if (part === 'sso') return <Providers />
  if (settings.isPending) return <Ghost />
  if (settings.isError) return <Broken error={settings.error} again={() => settings.refetch()} />
  const { registry } = settings.data
  return part === 'prices' ? <Prices registry={registry} /> : <SettingsForm registry={registry} />
}
