type Viewer = { name: string; mode: 'control' | 'watch'; isYou: boolean }

const viewerName = (people: Viewer[]) => people.map((one) => (one.isYou ? 'you' : one.name))
const joinNames = (names: string[]) =>
  new Intl.ListFormat('en', { type: 'conjunction' }).format(names)
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

export const terminal = {
  title: 'Terminal',
  name: (id: number) => `Terminal of #${id}`,
  shellTitle: 'Shell',
  shellName: (id: number) => `Shell of #${id}`,
  openShell: 'Open a shell beside it',
  openAnother: 'Open another',
  noShell: 'No shell can open now',
  whyNoShell:
    'A shell opens beside a running stage, for people who control its terminal, on machines of this release.',
  notYet: 'No stage has started yet. Its terminal appears here.',
  /** Who has control; the terminal's `name`, if nobody is there. */
  controls: (people: Viewer[], name: string) => {
    const hands = people.filter((one) => one.mode === 'control')
    if (people.length === 0) return name
    if (hands.length === 0) return 'No one controls'
    const are = hands.length > 1 || hands[0]?.isYou
    return `${sentence(joinNames(viewerName(hands)))} ${are ? 'control' : 'controls'}`
  },
  /** Who else is watching. */
  watch: (people: Viewer[]) => {
    const eyes = people.filter((one) => one.mode === 'watch')
    if (eyes.length === 0) return ''
    const are = eyes.length > 1 || eyes[0]?.isYou
    return `, ${joinNames(viewerName(eyes))} ${are ? 'watch' : 'watches'}`
  },
  watchTitle: 'Watch',
  readsNothing: (agent: string) => `${agent} reads no keystrokes`,
  takeOver: 'Take over',
  takeControl: 'Take control',
  watchOnly: 'Watch only',
  search: 'Search terminal',
  found: (at: number, of: number) => (of === 0 ? 'no results' : `${at} of ${of}`),
  copyScreen: 'Copy screen',
  textSize: (pixels: number) => `Text size, ${pixels}`,
  full: 'Full screen',
  live: 'Live',
  notLive: (line: { is: string }): string => {
    if (line.is === 'connecting') return 'Connecting'
    if (line.is === 'away') return 'Disconnected'
    return 'Not live'
  },
  size: (cols: number, rows: number, whose: string | null) =>
    `${cols} × ${rows}${whose ? `, ${whose}'s window` : ''}`,
  byte: (offset: string) => `byte ${offset}`,
  counted: 'Keystrokes are counted, not recorded',
  typedHere: 'Ctrl Shift Esc leaves the terminal',
  last: 'No stage is running. This is the last screen; the next stage appears here.',
  ended: 'No stage is running. This is the last screen.',
  lastBroken: "Couldn't load the last screen. Reload the page.",
  inputIgnored: 'No stage is running, so your input is ignored.',
  exited: (stage: string, code: number) =>
    `${stage} ended${code === 0 ? '' : ` with exit code ${code}`}. The next stage appears here.`,
  takenOver: (by: string) => `${by} took control. You're watching.`,
  skipped: (size: string) => `Skipped ${size} of fast output.`,
  backAfter: (away: string) => `Back after ${away}.`,
  missedNothing: 'You missed nothing',
  cameSince: (n: number, bytes: string) =>
    n === 0 ? ': no new output.' : `: ${bytes} new bytes, all shown here.`,
  missed: (from: string, to: string) => `Bytes ${from} to ${to} aren't shown here.`,
  seeLog: 'The log has the complete output.',
  tryNow: 'Retry now',
  endReasons: {
    attempt: "This attempt's terminal is closed.",
    forbidden: 'You no longer have access to this terminal.',
    missing: "This task was deleted, or you don't have access.",
    shell: 'The shell has ended. A shell ends with its stage, or when you exit it.',
    noShell: "This machine's release can't open a shell. Upgrade the machine.",
    full: 'Too many terminals are open, for this task or for you. Close some, then retry.',
    signedOut: "You're signed out. Sign in again.",
  },
  keys: 'Keys',
  arrows: { left: 'Left', up: 'Up', down: 'Down', right: 'Right' },
  paste: 'paste',
  leaveFor: 'Open this address?',
  linkFrom:
    'The terminal printed this link. Anyone who can write to the terminal could have put it there.',
  openLink: 'Open',
}
