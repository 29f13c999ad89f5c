import type * as en from '../en/log'

export const log: typeof en.log = {
  title: '日志',
  lines: '日志行',
  notYet: '还没有阶段开始。开始后，输出会显示在这里。',
  empty: '没有输出',
  at: (line, total) => `第 ${line} 行，共 ${total} 行`,
  line: (number) => `第 ${number} 行`,
  truncated: ' … 已截断，完整内容请下载日志',
  search: '搜索日志',
  found: (_, count) => `${count} 行`,
  foundAt: (at, count) => `第 ${at} 个，共 ${count} 个`,
  searched: (share) => `已搜索 ${share}`,
  searchBroken: '无法读取日志',
  follow: '跟随末尾',
  follows: '正在跟随',
  attempts: '尝试',
  attempt: (n, isLatest) => `第 ${n} 次尝试${isLatest ? '（最新）' : ''}`,
  download: '下载日志',
  lost: (size, places) => `机器丢失了此日志的 ${size}，共 ${places} 处：`,
  span: (from, to) => `第 ${from} 至 ${to} 字节`,
}
