type Viewer = { name: string; mode: 'control' | 'watch'; isYou: boolean }

const viewerName = (people: Viewer[]) => people.map((one) => (one.isYou ? 'you' : one.name))
const joinNames = (names: string[]) =>
  new Intl.ListFormat('en', { type: 'conjunction' }).format(names)
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

export const terminal = {
  title: 'Terminal',
  name: (id: number) => `Terminal of #${id}`,
  notYet: 'No stage has begun yet: its terminal appears here by itself.',
  /** Who controls. */
  controls: (people: Viewer[]) => {
    const hands = people.filter((one) => one.mode === 'control')
    if (people.length === 0) return 'Terminal'
    if (hands.length === 0) return 'Nobody controls'
    const are = hands.length > 1 || hands[0]?.isYou
    return `${sentence(joinNames(viewerName(hands)))} ${are ? 'control' : 'controls'}`
  },
  /** Who looks besides. */
  watch: (people: Viewer[]) => {
    const eyes = people.filter((one) => one.mode === 'watch')
    if (eyes.length === 0) return ''
    const are = eyes.length > 1 || eyes[0]?.isYou
    return `, ${joinNames(viewerName(eyes))} ${are ? 'watch' : 'watches'}`
  },
  takeOver: 'Take over',
  takeControl: 'Take control',
  watchOnly: 'Only watch',
  search: 'Search the terminal',
  found: (at: number, of: number) => (of === 0 ? 'nothing' : `${at} of ${of}`),
  copyScreen: 'Copy the screen',
  textSize: (pixels: number) => `Text size, ${pixels}`,
  full: 'Full screen',
  live: 'Live',
  notLive: (line: { is: string }): string => {
    if (line.is === 'connecting') return 'Connecting'
    if (line.is === 'away') return 'Cut off'
    return 'Not live'
  },
  size: (cols: number, rows: number, whose: string | null) =>
    `${cols} × ${rows}${whose ? `, ${whose}’s window` : ''}`,
  byte: (offset: string) => `byte ${offset}`,
  counted: 'What is typed is counted, not recorded',
  typedHere: 'Ctrl Shift Esc leaves the terminal',
  last: 'No stage runs. This is the last screen; the next stage appears here by itself.',
  ended: 'No stage runs any more. This is the last screen.',
  lastBroken: 'The last screen could not be read.',
  inputIgnored: 'No stage runs: nothing takes what is typed.',
  exited: (stage: string, code: number) =>
    `${stage} has ended${code === 0 ? '' : ` with exit code ${code}`}. The next stage appears here by itself.`,
  takenOver: (by: string) => `${by} has taken over. You watch.`,
  skipped: (size: string) =>
    `${size} came faster than can be shown and were skipped. The log has all of it.`,
  backAfter: (away: string) => `Back after ${away}.`,
  missedNothing: 'You missed nothing',
  cameSince: (n: number, bytes: string) =>
    n === 0 ? ': nothing came.' : `: ${bytes} bytes came since, all of them are here.`,
  missed: (from: string, to: string) =>
    `Bytes ${from} to ${to} are not shown here; the log has them.`,
  tryNow: 'Try now',
  endReasons: {
    attempt: 'This attempt’s terminal is closed.',
    forbidden: 'You may not see this terminal any more.',
    missing: 'This task is not there, or you may not see it.',
    full: 'Too many terminals are open, of this task or of yours.',
    signedOut: 'You are signed out.',
  },
  keys: 'Keys',
  arrows: { left: 'Left', up: 'Up', down: 'Down', right: 'Right' },
  paste: 'paste',
  leaveFor: 'Open this address?',
  linkFrom:
    'It was printed in the terminal. Anybody who could write there could have put it there.',
  openLink: 'Open',
}
