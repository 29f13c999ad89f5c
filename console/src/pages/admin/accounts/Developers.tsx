import type { Schemas } from '../../../api/client'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import {
  changeDeveloper,
  endDeveloperSessions,
  resetSecondFactor,
  useDevelopers,
} from '../../../queries/adminDevelopers'
import { showErrorToast, showToast } from '../../../state/toasts'
import { ConfirmDialog } from '../ConfirmDialog'
import { RowMenu } from '../RowMenu'
import { useOpenDialog } from '../useOpenDialog'
import { ChangeDeveloperDialog } from './DeveloperDialogs'
import { IdentitiesDialog } from './IdentitiesDialog'

type Developer = Schemas['Developer']
type DeveloperAction = 'change' | 'identities' | 'disable' | 'resetFactor' | 'signOut'
type OpenDeveloperDialog = (what: DeveloperAction, on: Developer) => () => void

export function Developers() {
  const { opened, open, close } = useOpenDialog<DeveloperAction, Developer>()
  return (
    <>
      <PagedList list={useDevelopers()} empty={strings.common.empty}>
        {(rows) => (
          <Table
            label={strings.admin.developers}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {opened && <OpenDialog what={opened.what} on={opened.on} onClose={close} />}
    </>
  )
}

function OpenDialog({
  what,
  on,
  onClose,
}: {
  what: DeveloperAction
  on: Developer
  onClose: () => void
}) {
  switch (what) {
    case 'change':
      return <ChangeDeveloperDialog developer={on} onClose={onClose} />
    case 'identities':
      return <IdentitiesDialog developer={on} onClose={onClose} />
    case 'disable':
      return (
        <ConfirmDialog
          title={strings.admin.disableTitle(on.name)}
          about={strings.admin.disableAbout}
          submit={strings.admin.disable}
          act={() => changeDeveloper(on.id, { disabled: true })}
          onClose={onClose}
        />
      )
    case 'resetFactor':
      return (
        <ConfirmDialog
          title={`${strings.admin.resetFactor}${strings.common.separators.colon}${on.name}`}
          about={strings.admin.resetFactorAbout}
          submit={strings.admin.resetFactor}
          act={() => resetSecondFactor(on.id)}
          onClose={onClose}
        />
      )
    case 'signOut':
      return (
        <ConfirmDialog
          title={`${strings.admin.signOut}${strings.common.separators.colon}${on.name}`}
          about={strings.admin.signOutAbout}
          submit={strings.admin.signOut}
          act={() => endDeveloperSessions(on.id)}
          onClose={onClose}
        />
      )
  }
}

const columns = (open: OpenDeveloperDialog): Column<Developer>[] => [
  {
    name: strings.admin.username,
    cell: ({ name, disabled }) => (
      <>
        {name}
        {disabled && <span className="dim"> · {strings.admin.disabled}</span>}
      </>
    ),
  },
  { name: strings.admin.role, width: '104px', cell: ({ role }) => strings.profile.roles[role] },
  { name: strings.admin.gitEmail, cell: ({ gitEmail }) => gitEmail },
  { name: strings.admin.email, isExtra: true, cell: ({ email }) => email ?? <Dash /> },
  {
    name: strings.admin.chatAccount,
    isExtra: true,
    cell: ({ platformUid }) => (platformUid ? <code>{platformUid}</code> : <Dash />),
  },
  {
    name: strings.admin.factor,
    width: '112px',
    cell: ({ totpEnabled }) =>
      totpEnabled ? strings.forms.on : <span className="dim">{strings.forms.off}</span>,
  },
  {
    name: strings.forms.created,
    width: '96px',
    isExtra: true,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    name: strings.forms.actions,
    width: '64px',
    isHeaderHidden: true,
    cell: (one) => <RowMenu name={one.name} items={developerActions(one, open)} />,
  },
]

const developerActions = (one: Developer, open: OpenDeveloperDialog) => [
  { name: strings.forms.edit, onSelect: open('change', one) },
  { name: strings.admin.identities, onSelect: open('identities', one) },
  null,
  ...(one.totpEnabled
    ? [{ name: strings.admin.resetFactor, onSelect: open('resetFactor', one) }]
    : []),
  { name: strings.admin.signOut, onSelect: open('signOut', one) },
  one.disabled
    ? { name: strings.admin.enable, onSelect: () => enableDeveloper(one) }
    : { name: strings.admin.disable, isBad: true, onSelect: open('disable', one) },
]

function enableDeveloper({ id }: Developer): void {
  changeDeveloper(id, { disabled: false }).then(() => showToast(strings.admin.done), showErrorToast)
}

const Dash = () => <span className="dim">–</span>
