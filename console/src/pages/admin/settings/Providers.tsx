import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { deleteProvider, useIdentityProviders } from '../../../queries/adminProviders'
import styles from '../admin.module.css'
import { ConfirmDialog } from '../ConfirmDialog'
import { RowMenu } from '../RowMenu'
import { useOpenDialog } from '../useOpenDialog'
import { ProviderDialog } from './ProviderDialog'

type Provider = Schemas['IdentityProvider']
type ProviderAction = 'change' | 'delete'
type OpenProviderDialog = (what: ProviderAction, on: Provider) => () => void

/** The single sign-on providers, and who can sign in with each. */
export function Providers() {
  const { opened, open, close } = useOpenDialog<ProviderAction, Provider>()
  const [dialog, openDialog] = useUrlDialog<'new'>()
  return (
    <>
      <p className={styles.about}>{settingStrings.ssoAbout}</p>
      <PagedList
        list={useIdentityProviders()}
        empty={<p className="dim">{settingStrings.noProviders}</p>}
      >
        {(rows) => (
          <Table
            label={settingStrings.sso}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      <div className="foot">
        <Button onClick={() => openDialog('new')}>{settingStrings.newProvider}</Button>
      </div>
      {dialog === 'new' && <ProviderDialog provider={undefined} onClose={() => openDialog()} />}
      {opened?.what === 'change' && <ProviderDialog provider={opened.on} onClose={close} />}
      {opened?.what === 'delete' && <DeleteDialog provider={opened.on} onClose={close} />}
    </>
  )
}

function DeleteDialog({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={settingStrings.deleteProvider(provider.label)}
      about={settingStrings.deleteAbout}
      submit={settingStrings.deleteProvider(provider.label)}
      act={() => deleteProvider(provider.id)}
      onClose={onClose}
    />
  )
}

const columns = (open: OpenProviderDialog): Column<Provider>[] => [
  {
    name: settingStrings.label,
    cell: ({ label, name, enabled }) => (
      <>
        {label} <code className="dim">{name}</code>
        {!enabled && <span className="dim"> · {settingStrings.off}</span>}
      </>
    ),
  },
  {
    name: settingStrings.issuer,
    cell: ({ issuer }) => (
      <span className="mono" title={issuer}>
        {issuer}
      </span>
    ),
  },
  { name: settingStrings.accounts, width: '22%', cell: (provider) => accountPolicy(provider) },
  {
    name: strings.forms.actions,
    width: '64px',
    isHeaderHidden: true,
    cell: (provider) => (
      <RowMenu
        name={provider.label}
        items={[
          { name: strings.forms.edit, onSelect: open('change', provider) },
          { name: strings.forms.delete, isBad: true, onSelect: open('delete', provider) },
        ]}
      />
    ),
  },
]

function accountPolicy({ createAccounts, matchEmail }: Provider): string {
  const ways = [
    matchEmail && settingStrings.accountsFound,
    createAccounts && settingStrings.accountsMade,
  ].filter(Boolean)
  return ways.join(strings.common.separators.list) || settingStrings.accountsLinked
}
