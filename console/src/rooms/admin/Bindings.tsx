import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { bindChat, unbindChat, useBindings, useBots } from '../../queries/adminBots'
import { useProjectKeys } from '../../queries/choices'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { sayBroken, sayUndoable } from '../../ui/toasts'
import { words } from '../../words'
import styles from './admin.module.css'

type Binding = Schemas['BotBinding']

/** The chats that speak of a project. Unbinding one can be taken back. */
export function Bindings() {
  const [isBinding, bind] = useState(false)
  const bindings = useBindings()
  const hasBots = (useBots().data?.length ?? 0) > 0
  if (!hasBots) return null
  return (
    <section className={styles.part} aria-labelledby="bound">
      <h2 id="bound">{words.bots.boundChats}</h2>
      <p className="hint">{words.bots.boundAbout}</p>
      <Rows list={bindings} empty={<p className="dim">{words.bots.noBindings}</p>}>
        {(rows) => (
          <Table
            label={words.bots.boundChats}
            columns={columns()}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      <div className="row">
        <Button onClick={() => bind(true)}>{words.bots.bind}</Button>
      </div>
      {isBinding && <BindDialog onClose={() => bind(false)} />}
    </section>
  )
}

function BindDialog({ onClose }: { onClose: () => void }) {
  const bots = useBots().data ?? []
  const keys = useProjectKeys() ?? []
  return (
    <FormDialog
      title={words.bots.bind}
      submit={words.bots.bind}
      act={({ text }) =>
        bindChat(Number(text('bot')), {
          platformChatId: text('platformChatId'),
          projectKey: text('projectKey'),
          chatName: text('chatName'),
        })
      }
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={words.bots.bot}>
            <select className="input" name="bot">
              {bots.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field
            label={words.bots.chatId}
            hint={words.bots.chatIdHint}
            error={form.errorOf('platformChatId')}
          >
            <input className="input mono" name="platformChatId" autoComplete="off" required />
          </Field>
          <Field
            label={words.bots.chatName}
            hint={words.forms.optional}
            error={form.errorOf('chatName')}
          >
            <input className="input" name="chatName" autoComplete="off" />
          </Field>
          <Field label={words.bots.project} error={form.errorOf('projectKey')}>
            <select className="input" name="projectKey">
              {keys.map((key) => (
                <option key={key}>{key}</option>
              ))}
            </select>
          </Field>
        </>
      )}
    </FormDialog>
  )
}

const columns = (): Column<Binding>[] => [
  {
    name: words.bots.chats,
    cell: ({ chatName, platformChatId }) => (
      <>
        {chatName} <code className="dim">{platformChatId}</code>
      </>
    ),
  },
  {
    name: words.bots.project,
    width: '20%',
    cell: ({ projectKey }) => <span className="mono">{projectKey}</span>,
  },
  { name: words.bots.bot, width: '24%', cell: ({ botName }) => botName },
  {
    name: words.forms.acts,
    width: '96px',
    isNameless: true,
    cell: (one) => (
      <Button
        look="quiet"
        aria-label={words.bots.unbindOf(one.chatName || one.platformChatId)}
        onClick={() => unbind(one)}
      >
        {words.bots.unbind}
      </Button>
    ),
  },
]

function unbind({ id, botId, platformChatId, projectKey, chatName }: Binding): void {
  const again = () =>
    void bindChat(botId, { platformChatId, projectKey, chatName }).catch(sayBroken)
  const done = () => sayUndoable(words.bots.unbindOf(chatName || platformChatId), again)
  unbindChat(botId, id).then(done, sayBroken)
}
