import { Link } from '@tanstack/react-router'
import { useSettings } from '../../queries/adminSettings'
import { Broken } from '../../ui/Broken'
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
  const [search] = useUrl<{ part?: string }>()
  const part: Part = PARTS.find((one) => one === search.part) ?? 'general'
  return (
    <Admin title={words.admin.settings}>
      <nav className={`join ${styles.sections}`} aria-label={words.admin.settings}>
        {PARTS.map((one) => (
          <Link
            key={one}
            className="btn"
            to="/admin/settings"
            search={{ part: one === 'general' ? undefined : one } as never}
            activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
          >
            {words.settings[one]}
          </Link>
        ))}
      </nav>
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
