import { strings } from '../../i18n'

/** The pages of the administration, for its tabs and for the palette. */
export const sections = () =>
  [
    { to: '/admin/developers', name: strings.admin.developers },
    { to: '/admin/machines', name: strings.admin.machines },
    { to: '/admin/worker-tokens', name: strings.admin.workerTokens },
    { to: '/admin/bots', name: strings.admin.bots },
    { to: '/admin/deliveries', name: strings.admin.deliveries },
    { to: '/admin/audit', name: strings.admin.audit },
    { to: '/admin/settings', name: strings.admin.settings },
    { to: '/admin/usage', name: strings.admin.usage },
  ] as const
