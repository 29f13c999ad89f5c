import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { SecretDialog } from '../../components/dialogs/SecretDialog'
import { useUrlDialog } from '../../components/hooks/useUrlDialog'
import { Section } from '../../components/page/Section'
import { PagedList } from '../../components/tables/PagedList'
import { Table } from '../../components/tables/Table'
import { strings } from '../../i18n'
import { revokeToken, useTokens } from '../../queries/profile'
import { NewTokenDialog } from './NewTokenDialog'
import { tokenColumns } from './tokenColumns'

type Token = Schemas['PersonalToken']

export function Tokens({ role }: { role: Schemas['Profile']['role'] }) {
  const tokens = useTokens()
  const [dialog, openDialog] = useUrlDialog<'token'>()
  const [made, showMade] = useState<string>()
  const [leaving, revoke] = useState<Token>()
  const done = (token: string) => {
    openDialog()
    showMade(token)
  }
  return (
    <Section id="tokens" title={strings.profile.tokens} about={strings.profile.tokensAbout}>
      <PagedList list={tokens} empty={<p className="dim">{strings.profile.noTokens}</p>}>
        {(rows) => (
          <Table
            label={strings.profile.tokens}
            columns={tokenColumns(revoke)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      <Button onClick={() => openDialog('token')}>{strings.profile.newToken}</Button>
      {dialog === 'token' && (
        <NewTokenDialog isAdmin={role === 'admin'} onMade={done} onClose={() => openDialog()} />
      )}
      {made && (
        <SecretDialog
          title={strings.profile.tokenMade}
          secret={made}
          what={strings.profile.token}
          onClose={() => showMade(undefined)}
        />
      )}
      {leaving && (
        <FormDialog
          isBad
          title={strings.profile.revokeTitle(leaving.label)}
          submit={strings.profile.revoke}
          act={() => revokeToken(leaving.id)}
          done={() => revoke(undefined)}
          onClose={() => revoke(undefined)}
        >
          <p>{strings.profile.revokeAbout}</p>
        </FormDialog>
      )}
    </Section>
  )
}
