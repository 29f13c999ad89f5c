/** Commands that open a page, a part of it, or its dialog: the same as its button opens, which asks
 *  before anything is lost. */
import {
  Bell,
  Bot,
  ChartColumn,
  CircleAlert,
  FolderGit2,
  KeyRound,
  List,
  type LucideIcon,
  Plus,
  ScrollText,
  Send,
  Server,
  Settings,
  User,
  Users,
} from 'lucide-react'
import { type CommandId, commandNames } from '../../i18n/palette'
import { navigationItems } from '../layout/navigation'
import type { Command } from './command'
import type { PaletteNavigation } from './usePaletteNavigation'
import type { Viewer } from './useViewer'

type PageCommand = [id: CommandId, icon: LucideIcon, url: string]

const forEveryone: PageCommand[] = [
  ['inbox', CircleAlert, '/'],
  ['tasks', List, '/tasks'],
  ['machines', Server, '/machines'],
  ['projects', FolderGit2, '/projects'],
  ['notifications', Bell, '/notifications'],
  ['profile', User, '/profile'],
  ['unread', Bell, '/notifications?show=unread'],
  ['gettingStarted', CircleAlert, '/'],
  ['dismissTask', CircleAlert, '/'],
  ['savedViews', List, '/tasks'],
  ['approveDevice', KeyRound, '/device'],
  ['gitIdentity', User, '/profile#git'],
  ['ownBudget', ChartColumn, '/profile#budget'],
  ['changePassword', KeyRound, '/profile#password'],
  ['secondFactor', KeyRound, '/profile#factor'],
  ['sessions', KeyRound, '/profile#sessions'],
  ['personalTokens', KeyRound, '/profile#tokens'],
  ['newPersonalToken', Plus, '/profile?do=token'],
  ['notificationChoices', Bell, '/profile#notifications'],
  ['chatAccount', Send, '/profile#chat'],
  ['appearance', Settings, '/profile#appearance'],
]

const forAdmins: PageCommand[] = [
  ['addMachine', Plus, '/machines?add=1'],
  ['newProject', Plus, '/projects?add=1'],
  ['invite', Plus, '/admin/developers?do=invite'],
  ['newWorkerToken', Plus, '/admin/worker-tokens?do=new'],
  ['newBot', Plus, '/admin/bots?do=new'],
  ['bindChat', Plus, '/admin/bots?do=bind'],
  ['newProvider', Plus, '/admin/settings?part=sso&do=new'],
  ['developers', Users, '/admin/developers'],
  ['editDeveloper', Users, '/admin/developers'],
  ['disableDeveloper', Users, '/admin/developers'],
  ['resetFactor', Users, '/admin/developers'],
  ['endSessions', Users, '/admin/developers'],
  ['identities', Users, '/admin/developers'],
  ['withdrawInvitation', Users, '/admin/developers'],
  ['adminMachines', Server, '/admin/machines'],
  ['workerTokens', KeyRound, '/admin/worker-tokens'],
  ['revokeWorkerToken', KeyRound, '/admin/worker-tokens'],
  ['bots', Bot, '/admin/bots'],
  ['editBot', Bot, '/admin/bots'],
  ['deliveries', Send, '/admin/deliveries'],
  ['retryDelivery', Send, '/admin/deliveries?state=dead'],
  ['audit', ScrollText, '/admin/audit'],
  ['usage', ChartColumn, '/admin/usage'],
  ['settings', Settings, '/admin/settings'],
  ['prices', Settings, '/admin/settings?part=prices'],
  ['sso', Settings, '/admin/settings?part=sso'],
]

export function pageCommands(viewer: Viewer, navigation: PaletteNavigation): Command[] {
  const offered = viewer.isAdmin ? [...forEveryone, ...forAdmins] : forEveryone
  const keys = new Map<string, string>(navigationItems().map((page) => [page.to, page.keys]))
  return offered.map(([id, icon, url]) => ({
    id,
    names: commandNames(id),
    icon,
    keys: keys.get(`/${id === 'inbox' ? '' : id}`),
    run: () => navigation.open(url),
  }))
}
