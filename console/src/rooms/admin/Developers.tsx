import type { Schemas } from '../../api/client'
import {
  changeDeveloper,
  endSessionsOf,
  resetFactor,
  useDevelopers,
} from '../../queries/adminDevelopers'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { say, sayBroken } from '../../ui/toasts'
import { When } from '../../ui/When'
import { words } from '../../words'
import { AskDialog } from './AskDialog'
import { ChangeDeveloperDialog } from './DeveloperDialogs'
import { IdentitiesDialog } from './IdentitiesDialog'
import { RowMenu } from './RowMenu'
import { useOpened } from './useOpened'

type Developer = Schemas['Developer']
type What = 'change' | 'identities' | 'disable' | 'resetFactor' | 'signOut'
type Open = (what: What, on: Developer) => () => void

export function Developers() {
  const { opened, open, close } = useOpened<What, Developer>()
  return (
    <>
      <Rows list={useDevelopers()} empty={words.common.empty}>
        {(rows) => (
          <Table
            label={words.admin.developers}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {opened && <Opened what={opened.what} on={opened.on} onClose={close} />}
    </>
  )
}

function Opened({ what, on, onClose }: { what: What; on: Developer; onClose: () => void }) {
  switch (what) {
    case 'change':
      return <ChangeDeveloperDialog developer={on} onClose={onClose} />
    case 'identities':
      return <IdentitiesDialog developer={on} onClose={onClose} />
    case 'disable':
      return (
        <AskDialog
          title={words.admin.disableTitle(on.name)}
          about={words.admin.disableAbout}
          submit={words.admin.disable}
          act={() => changeDeveloper(on.id, { disabled: true })}
          onClose={onClose}
        />
      )
    case 'resetFactor':
      return (
        <AskDialog
          title={`${words.admin.resetFactor}: ${on.name}`}
          about={words.admin.resetFactorAbout}
          submit={words.admin.resetFactor}
          act={() => resetFactor(on.id)}
          onClose={onClose}
        />
      )
    case 'signOut':
      return (
        <AskDialog
          title={`${words.admin.signOut}: ${on.name}`}
          about={words.admin.signOutAbout}
          submit={words.admin.signOut}
          act={() => endSessionsOf(on.id)}
          onClose={onClose}
        />
      )
  }
}

const columns = (open: Open): Column<Developer>[] => [
  {
    name: words.admin.username,
    cell: ({ name, disabled }) => (
      <>
        {name}
        {disabled && <span className="dim"> · {words.admin.disabled}</span>}
      </>
    ),
  },
  { name: words.admin.role, width: '104px', cell: ({ role }) => words.profile.roles[role] },
  { name: words.admin.gitEmail, cell: ({ gitEmail }) => gitEmail },
  { name: words.admin.email, isExtra: true, cell: ({ email }) => email ?? <Dash /> },
  {
    name: words.admin.chatAccount,
    isExtra: true,
    cell: ({ platformUid }) => (platformUid ? <code>{platformUid}</code> : <Dash />),
  },
  {
    name: words.admin.factor,
    width: '112px',
    cell: ({ totpEnabled }) =>
      totpEnabled ? words.forms.on : <span className="dim">{words.forms.off}</span>,
  },
  {
    name: words.forms.created,
    width: '96px',
    isExtra: true,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
  {
    name: words.forms.acts,
    width: '64px',
    isNameless: true,
    cell: (one) => <RowMenu name={one.name} items={actsOn(one, open)} />,
  },
]

const actsOn = (one: Developer, open: Open) => [
  { name: words.forms.edit, act: open('change', one) },
  { name: words.admin.identities, act: open('identities', one) },
  null,
  ...(one.totpEnabled ? [{ name: words.admin.resetFactor, act: open('resetFactor', one) }] : []),
  { name: words.admin.signOut, act: open('signOut', one) },
  one.disabled
    ? { name: words.admin.enable, act: () => enable(one) }
    : { name: words.admin.disable, isBad: true, act: open('disable', one) },
]

function enable({ id }: Developer): void {
  changeDeveloper(id, { disabled: false }).then(() => say(words.admin.done), sayBroken)
}

const Dash = () => <span className="dim">–</span>
