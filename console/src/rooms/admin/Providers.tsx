import type { Schemas } from '../../api/client'
import { deleteProvider, useIdentityProviders } from '../../queries/adminProviders'
import { Button } from '../../ui/Button'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { words } from '../../words'
import { AskDialog } from './AskDialog'
import styles from './admin.module.css'
import { ProviderDialog } from './ProviderDialog'
import { RowMenu } from './RowMenu'
import { useOpened } from './useOpened'

type Provider = Schemas['IdentityProvider']
type What = 'new' | 'change' | 'delete'
type Open = (what: What, on: Provider | undefined) => () => void

/** By which providers of single sign-on people come in, and whom they let in. */
export function Providers() {
  const { opened, open, close } = useOpened<What, Provider | undefined>()
  return (
    <>
      <p className={styles.about}>{words.settings.ssoAbout}</p>
      <Rows
        list={useIdentityProviders()}
        empty={<p className="dim">{words.settings.noProviders}</p>}
      >
        {(rows) => (
          <Table
            label={words.settings.sso}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      <div className="foot">
        <Button onClick={open('new', undefined)}>{words.settings.newProvider}</Button>
      </div>
      {(opened?.what === 'new' || opened?.what === 'change') && (
        <ProviderDialog provider={opened.on} onClose={close} />
      )}
      {opened?.what === 'delete' && opened.on && (
        <DeleteDialog provider={opened.on} onClose={close} />
      )}
    </>
  )
}

function DeleteDialog({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  return (
    <AskDialog
      title={words.settings.deleteProvider(provider.label)}
      about={words.settings.deleteAbout}
      submit={words.settings.deleteProvider(provider.label)}
      act={() => deleteProvider(provider.id)}
      onClose={onClose}
    />
  )
}

const columns = (open: Open): Column<Provider>[] => [
  {
    name: words.settings.label,
    cell: ({ label, name, enabled }) => (
      <>
        {label} <code className="dim">{name}</code>
        {!enabled && <span className="dim"> · {words.settings.off}</span>}
      </>
    ),
  },
  {
    name: words.settings.issuer,
    cell: ({ issuer }) => (
      <span className="mono" title={issuer}>
        {issuer}
      </span>
    ),
  },
  { name: words.settings.accounts, width: '22%', cell: (provider) => accountsOf(provider) },
  {
    name: words.forms.acts,
    width: '64px',
    isNameless: true,
    cell: (provider) => (
      <RowMenu
        name={provider.label}
        items={[
          { name: words.forms.edit, act: open('change', provider) },
          { name: words.forms.delete, isBad: true, act: open('delete', provider) },
        ]}
      />
    ),
  },
]

function accountsOf({ createAccounts, matchEmail }: Provider): string {
  const ways = [
    matchEmail && words.settings.accountsFound,
    createAccounts && words.settings.accountsMade,
  ].filter(Boolean)
  return ways.join(', ') || words.settings.accountsLinked
}
