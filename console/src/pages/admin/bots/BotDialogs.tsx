import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Checkbox } from '../../../components/forms/Checkbox'
import { Field } from '../../../components/forms/Field'
import type { Form, FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { changeBot, createBot } from '../../../queries/adminBots'

type Bot = Schemas['Bot']
type Platform = Bot['platform']

export function NewBotDialog({ onClose }: { onClose: () => void }) {
  const [platform, choose] = useState<Platform>('slack')
  const submit = (given: FormValues) =>
    createBot({
      platform,
      name: given.text('name'),
      ...readCredentials(platform, given),
      ...(platform === 'webhook' && { auditLog: given.isChecked('auditLog') }),
    } as Schemas['NewBot'])
  return (
    <FormDialog
      title={strings.bots.newBot}
      submit={strings.forms.create}
      act={submit}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={strings.bots.platform}>
            <select
              className="input"
              value={platform}
              onChange={(event) => choose(event.target.value as Platform)}
            >
              {Object.entries(strings.bots.platforms).map(([one, name]) => (
                <option key={one} value={one}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <BotFields key={platform} platform={platform} form={form} />
        </>
      )}
    </FormDialog>
  )
}

export function ChangeBotDialog({ bot, onClose }: { bot: Bot; onClose: () => void }) {
  const submit = (given: FormValues) =>
    changeBot(bot.id, {
      name: given.text('name'),
      ...readCredentials(bot.platform, given),
      ...(bot.platform === 'webhook' && { auditLog: given.isChecked('auditLog') }),
    })
  return (
    <FormDialog
      title={strings.bots.change(bot.name)}
      submit={strings.common.save}
      act={submit}
      done={onClose}
      onClose={onClose}
    >
      {(form) => <BotFields platform={bot.platform} bot={bot} form={form} />}
    </FormDialog>
  )
}

function BotFields({ platform, bot, form }: { platform: Platform; bot?: Bot; form: Form }) {
  return (
    <>
      <Field label={strings.forms.name} error={form.errorOf('name')}>
        <input
          className="input"
          name="name"
          maxLength={100}
          autoComplete="off"
          defaultValue={bot?.name}
          required
        />
      </Field>
      {Object.entries(strings.bots.fields[platform] ?? {}).map(([field, label]) => (
        <Field key={field} label={label} error={form.errorOf(field)} {...hintOf(field, bot)}>
          <input
            className="input mono"
            name={field}
            type={field === 'appId' ? 'text' : 'password'}
            autoComplete="off"
            defaultValue={field === 'appId' ? (bot?.appId ?? '') : ''}
            required={bot === undefined && field !== 'encryptKey'}
          />
        </Field>
      ))}
      {platform === 'webhook' && (
        <Checkbox
          name="auditLog"
          label={strings.bots.auditLog}
          hint={strings.bots.auditLogHint}
          defaultChecked={bot?.auditLog}
        />
      )}
    </>
  )
}

function hintOf(field: string, bot: Bot | undefined): { hint?: string } {
  if (field === 'appId') return {}
  if (bot && isSet(field, bot)) return { hint: strings.bots.isSet }
  return field === 'encryptKey' ? { hint: strings.bots.encryptAdvised } : {}
}

function isSet(field: string, bot: Bot): boolean {
  const stored = { appSecret: bot.hasAppSecret, webhookToken: bot.hasWebhookToken }
  return field === 'encryptKey'
    ? bot.hasEncryptKey
    : (stored[field as keyof typeof stored] ?? false)
}

/** Returns the credentials typed. Omits empty ones, so their stored values don't change. */
function readCredentials(platform: Platform, { exact }: FormValues): Record<string, string> {
  const fields = Object.keys(strings.bots.fields[platform] ?? {})
  const typed = fields.map((field) => [field, exact(field).trim()] as const)
  return Object.fromEntries(typed.filter(([, text]) => text !== ''))
}
