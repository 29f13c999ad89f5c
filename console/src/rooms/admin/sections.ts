import { words } from '../../words'

/** The pages of the administration, for its own bar and for the palette. */
export const sections = () =>
  [
    { to: '/admin/developers', name: words.admin.developers },
    { to: '/admin/projects', name: words.admin.projects },
    { to: '/admin/machines', name: words.admin.machines },
    { to: '/admin/worker-tokens', name: words.admin.workerTokens },
    { to: '/admin/bots', name: words.admin.bots },
    { to: '/admin/deliveries', name: words.admin.deliveries },
    { to: '/admin/audit', name: words.admin.audit },
    { to: '/admin/settings', name: words.admin.settings },
    { to: '/admin/usage', name: words.admin.usage },
  ] as const
