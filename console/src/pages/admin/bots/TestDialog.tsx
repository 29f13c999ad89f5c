import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { problemText } from '../../../api/problemText'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { Field } from '../../../components/forms/Field'
import { ErrorLine } from '../../../components/forms/FormError'
import { StatusIcon } from '../../../components/status/Status'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatDuration } from '../../../lib/format/times'
import { testBot, useBindings } from '../../../queries/adminBots'
import styles from '../admin.module.css'

type Bot = Schemas['Bot']
type Tested = Schemas['BotTestResult']

/** A dialog that sends a test message through the bot and shows the result and any fixes. */
export function TestDialog({ bot, onClose }: { bot: Bot; onClose: () => void }) {
  const [chatId, choose] = useState('')
  const trial = useMutation({ mutationFn: () => testBot(bot.id, chatId || null) })
  const hasChats = bot.platform === 'slack' || bot.platform === 'lark'
  return (
    <Dialog
      isOpen
      title={strings.bots.testOf(bot.name)}
      onClose={onClose}
      foot={
        <>
          <Button variant="main" disabled={trial.isPending} onClick={() => trial.mutate()}>
            {strings.bots.send}
          </Button>
          <Button onClick={onClose}>{strings.common.close}</Button>
        </>
      }
    >
      <p className="soft">{strings.bots.testAbout}</p>
      {hasChats && <ChannelField bot={bot} chatId={chatId} onChoose={choose} />}
      <div aria-live="polite">
        {trial.isPending && <p className="dim">{strings.bots.sending}</p>}
        {trial.isError && <ErrorLine text={problemText(asProblem(trial.error))} />}
        {trial.data && !trial.isPending && <TestResult tested={trial.data} />}
      </div>
    </Dialog>
  )
}

function ChannelField(props: { bot: Bot; chatId: string; onChoose: (chatId: string) => void }) {
  const bound = useBindings().data?.filter(({ botId }) => botId === props.bot.id) ?? []
  return (
    <>
      <Field label={strings.bots.where} hint={strings.bots.whereHint}>
        <input
          className="input mono"
          list="bound-chats"
          autoComplete="off"
          value={props.chatId}
          onChange={(event) => props.onChoose(event.target.value)}
        />
      </Field>
      <datalist id="bound-chats">
        {bound.map(({ id, platformChatId, chatName, projectKey }) => (
          <option key={id} value={platformChatId}>
            {chatName || projectKey}
          </option>
        ))}
      </datalist>
    </>
  )
}

function TestResult({ tested }: { tested: Tested }) {
  const is = tested.sent ? 'completed' : 'failed'
  return (
    <div className={styles.result} data-is={is}>
      <strong className="row tone">
        <StatusIcon look={is} />
        {tested.sent ? strings.bots.wasSent : strings.bots.wasNotSent}
        <span>{strings.bots.took(formatDuration(tested.milliseconds, strings.units))}</span>
      </strong>
      <p>{revealInvisible(tested.detail)}</p>
      {tested.advice && <p>{tested.advice}</p>}
    </div>
  )
}
