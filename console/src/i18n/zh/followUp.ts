import type { followUp as en } from '../en/followUp'

export const followUp: typeof en = {
  title: (id) => `为 #${id} 添加后续指令`,
  instruction: '接下来要做什么',
  hint: '支持 Markdown。智能体在当前成果上继续；原会话仍在时会沿用。',
  from: '起始阶段',
  startsNow: '立即开始新的一轮。',
  withdrawsGate: '立即开始新的一轮，当前的问题会被撤回。',
  waitsItsTurn: '在当前工作完成后，或提出下一个问题之前开始。',
  waitsBehind: (n) => `前面还有 ${n} 条后续指令在等待。`,
  afterFailure: (n) => `失败后已有 ${n} 条后续指令在等待。第一条立即开始，这一条排在最后。`,
  send: '发送指令',
  started: (round) => `第 ${round} 轮已开始`,
  queued: '后续指令已排队',
  rounds: '已有的后续指令',
  states: { queued: '排队中', started: '已开始', withdrawn: '已撤回' },
  round: (n) => `第 ${n} 轮`,
  byWhom: (who) => `由 ${who} 提出`,
  fromStage: (stage) => `从 ${stage} 开始`,
  withReview: '附带评审',
  withdraw: '撤回',
  noCheckpoint: '该阶段之前没有检查点，请选择更早的阶段。',
}
