import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { revokeToken, useTokens } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/FormDialog'
import { OnceDialog } from '../../ui/OnceDialog'
import { Rows } from '../../ui/Rows'
import { Section } from '../../ui/Section'
import { Table } from '../../ui/Table'
import { words } from '../../words'
import { NewTokenDialog } from './NewTokenDialog'
import { tokenColumns } from './tokenColumns'

type Token = Schemas['PersonalToken']

export function Tokens({ role }: { role: Schemas['Profile']['role'] }) {
  const tokens = useTokens()
  const [isMaking, make] = useState(false)
  const [made, showMade] = useState<string>()
  const [leaving, revoke] = useState<Token>()
  const done = (token: string) => {
    make(false)
    showMade(token)
  }
  return (
    <Section title={words.profile.tokens} about={words.profile.tokensAbout}>
      <Rows list={tokens} empty={<p className="dim">{words.profile.noTokens}</p>}>
        {(rows) => (
          <Table
            label={words.profile.tokens}
            columns={tokenColumns(revoke)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      <Button onClick={() => make(true)}>{words.profile.newToken}</Button>
      {isMaking && (
        <NewTokenDialog isAdmin={role === 'admin'} onMade={done} onClose={() => make(false)} />
      )}
      {made && (
        <OnceDialog
          title={words.profile.tokenMade}
          secret={made}
          what={words.profile.token}
          onClose={() => showMade(undefined)}
        />
      )}
      {leaving && (
        <FormDialog
          isBad
          title={words.profile.revokeTitle(leaving.label)}
          submit={words.profile.revoke}
          act={() => revokeToken(leaving.id)}
          done={() => revoke(undefined)}
          onClose={() => revoke(undefined)}
        >
          <p>{words.profile.revokeAbout}</p>
        </FormDialog>
      )}
    </Section>
  )
}
