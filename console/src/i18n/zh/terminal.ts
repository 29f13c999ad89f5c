import type * as en from '../en/terminal'

type Viewer = { name: string; mode: 'control' | 'watch'; isYou: boolean }

/** Joins the viewers' names, with spaces beside Latin ones. No import from lib: its chunk starts the
 *  page, which waits for these texts. */
const joinNames = (people: Viewer[]) =>
  new Intl.ListFormat('zh-CN', { type: 'conjunction' })
    .format(people.map((one) => (one.isYou ? '你' : one.name)))
    .replace(/[\da-z](?=和|$)|和(?=[\da-z])/gi, '$& ')

export const terminal: typeof en.terminal = {
  title: '终端',
  name: (id) => `#${id} 的终端`,
  shellTitle: 'Shell',
  shellName: (id) => `#${id} 的 Shell`,
  openShell: '在旁边打开 Shell',
  openAnother: '再打开一个',
  noShell: '现在无法打开 Shell',
  whyNoShell: '阶段运行时，有权控制其终端的人可以在旁边打开 Shell，且机器须为当前版本。',
  notYet: '还没有阶段开始。开始后，终端会显示在这里。',
  controls: (people, name) => {
    const hands = people.filter((one) => one.mode === 'control')
    if (people.length === 0) return name
    return hands.length === 0 ? '无人控制' : `${joinNames(hands)}正在控制`
  },
  watch: (people) => {
    const eyes = people.filter((one) => one.mode === 'watch')
    return eyes.length === 0 ? '' : `，${joinNames(eyes)}正在观看`
  },
  watchTitle: '观看',
  readsNothing: (agent) => `${agent} 不读取按键`,
  takeOver: '接管',
  takeControl: '取得控制',
  watchOnly: '仅观看',
  search: '在终端中搜索',
  found: (at, of) => (of === 0 ? '没有结果' : `第 ${at} 个，共 ${of} 个`),
  copyScreen: '复制屏幕内容',
  textSize: (pixels) => `字号，${pixels}`,
  full: '全屏',
  live: '实时',
  notLive: (line) => {
    if (line.is === 'connecting') return '正在连接'
    if (line.is === 'away') return '连接中断'
    return '非实时'
  },
  size: (cols, rows, whose) => `${cols} × ${rows}${whose ? `，${whose} 的窗口` : ''}`,
  byte: (offset) => `第 ${offset} 字节`,
  counted: '按键只计数，不记录内容',
  typedHere: '按 Ctrl Shift Esc 离开终端',
  last: '没有阶段在运行。这是最后的画面，下一阶段会显示在这里。',
  ended: '没有阶段在运行。这是最后的画面。',
  lastBroken: '无法加载最后的画面，请重新加载页面。',
  inputIgnored: '没有阶段在运行，输入会被忽略。',
  exited: (stage, code) =>
    `${stage} 已结束${code === 0 ? '' : `，退出码 ${code}`}。下一阶段会显示在这里。`,
  takenOver: (by) => `${by} 已接管控制，你正在观看。`,
  skipped: (size) => `输出太快，已跳过 ${size}。`,
  backAfter: (away) => `断开 ${away}后已恢复。`,
  missedNothing: '没有错过任何内容',
  cameSince: (n, bytes) => (n === 0 ? '：没有新输出。' : `：新增的 ${bytes} 字节均已显示。`),
  missed: (from, to) => `第 ${from} 至 ${to} 字节未在此显示。`,
  seeLog: '完整内容见日志。',
  tryNow: '立即重试',
  endReasons: {
    attempt: '本次尝试的终端已关闭。',
    forbidden: '你已无权查看此终端。',
    missing: '任务已被删除，或者你没有访问权限。',
    shell: 'Shell 已结束。所在阶段结束或你退出时，Shell 也会结束。',
    noShell: '这台机器的版本无法打开 Shell，请升级机器。',
    full: '此任务或你打开的终端过多。请关闭一些后重试。',
    signedOut: '你已退出登录，请重新登录。',
  },
  keys: '按键',
  arrows: { left: '左', up: '上', down: '下', right: '右' },
  paste: '粘贴',
  leaveFor: '打开此地址？',
  linkFrom: '此地址由终端输出，任何能向终端写入的人都可能写入它。',
  openLink: '打开',
}
