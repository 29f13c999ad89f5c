import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Field } from '../../../components/forms/Field'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { bindChat, unbindChat, useBindings, useBots } from '../../../queries/adminBots'
import { useProjectKeys } from '../../../queries/options'
import { showErrorToast, showUndoToast } from '../../../state/toasts'
import styles from '../admin.module.css'

type Binding = Schemas['BotBinding']

/** The chats that get messages about a project. Unbinding one can be undone. */
export function Bindings() {
  const [dialog, openDialog] = useUrlDialog<'bind'>()
  const bindings = useBindings()
  const hasBots = (useBots().data?.length ?? 0) > 0
  if (!hasBots) return null
  return (
    <section className={styles.part} aria-labelledby="bound">
      <h2 id="bound">{strings.bots.boundChats}</h2>
      <p className="hint">{strings.bots.boundAbout}</p>
      <PagedList list={bindings} empty={<p className="dim">{strings.bots.noBindings}</p>}>
        {(rows) => (
          <Table
            label={strings.bots.boundChats}
            columns={columns()}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      <div className="row">
        <Button onClick={() => openDialog('bind')}>{strings.bots.bind}</Button>
      </div>
      {dialog === 'bind' && <BindDialog onClose={() => openDialog()} />}
    </section>
  )
}

function BindDialog({ onClose }: { onClose: () => void }) {
  const bots = useBots().data ?? []
  const keys = useProjectKeys() ?? []
  return (
    <FormDialog
      title={strings.bots.bind}
      submit={strings.bots.bind}
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
          <Field label={strings.bots.bot}>
            <select className="input" name="bot">
              {bots.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field
            label={strings.bots.chatId}
            hint={strings.bots.chatIdHint}
            error={form.errorOf('platformChatId')}
          >
            <input className="input mono" name="platformChatId" autoComplete="off" required />
          </Field>
          <Field
            label={strings.bots.chatName}
            hint={strings.forms.optional}
            error={form.errorOf('chatName')}
          >
            <input className="input" name="chatName" autoComplete="off" />
          </Field>
          <Field label={strings.bots.project} error={form.errorOf('projectKey')}>
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
    name: strings.bots.chats,
    cell: ({ chatName, platformChatId }) => (
      <>
        {chatName} <code className="dim">{platformChatId}</code>
      </>
    ),
  },
  {
    name: strings.bots.project,
    width: '20%',
    cell: ({ projectKey }) => <span className="mono">{projectKey}</span>,
  },
  { name: strings.bots.bot, width: '24%', cell: ({ botName }) => botName },
  {
    name: strings.forms.actions,
    width: '96px',
    isHeaderHidden: true,
    cell: (one) => (
      <Button
        variant="quiet"
        aria-label={strings.bots.unbindOf(one.chatName || one.platformChatId)}
        onClick={() => unbind(one)}
      >
        {strings.bots.unbind}
      </Button>
    ),
  },
]

function unbind({ id, botId, platformChatId, projectKey, chatName }: Binding): void {
  const rebind = () =>
    void bindChat(botId, { platformChatId, projectKey, chatName }).catch(showErrorToast)
  const showUndo = () => showUndoToast(strings.bots.unbindOf(chatName || platformChatId), rebind)
  unbindChat(botId, id).then(showUndo, showErrorToast)
}
