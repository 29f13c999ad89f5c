import { describe, expect, it } from 'vitest'
import { statusText as en } from '../../i18n/en/statusText'
import { statusText as zh } from '../../i18n/zh/statusText'
import {
  ago,
  blocked,
  busy,
  catalogs,
  failure,
  gate,
  moves,
  plain,
  queue,
  type Row,
  result,
  waits,
} from '../../testing/waitingTasks'
import { statusText } from './statusText'

const LOST = { status: 'suspended', suspendReason: 'machine_lost' } as const

const rows: Row[] = [
  ['next in the queue', queue(1), null, [en.next, ''], [zh.next, '']],
  ['further behind', queue(7), null, ['Number 7 in the queue', ''], ['排在队列第 7 位', '']],
  [
    'no slot anywhere, and one machine offline',
    queue(
      2,
      ['kite', 'offline'],
      ['heron', 'no_free_slot'],
      ['tern', 'no_free_slot'],
      ['osprey', 'no_free_slot'],
    ),
    null,
    ['heron, tern, and osprey have no free slot; kite is offline', 'Number 2 in the queue'],
    ['heron、tern 和 osprey 没有空闲槽位；kite 离线', '排在队列第 2 位'],
  ],
  [
    'many machines, in short',
    queue(
      1,
      ['heron', 'draining'],
      ['tern', 'draining'],
      ['osprey', 'draining'],
      ['kite', 'draining'],
      ['lark', 'draining'],
    ),
    null,
    [
      'heron, tern, osprey, and 2 others are draining and accept no new tasks',
      'Number 1 in the queue',
    ],
    ['heron、tern、osprey 和另外 2 台正在排空，不接收新任务', '排在队列第 1 位'],
  ],
  [
    'a machine that is too busy',
    blocked(busy('local-1', 93.4)),
    null,
    ['local-1 is overloaded: CPU at 93% of 85% for 12 min', 'Number 1 in the queue'],
    ['local-1 负载过高：CPU 93%，上限 85%，已持续 12 分钟', '排在队列第 1 位'],
  ],
  [
    'a machine that is hardly too busy',
    blocked(busy('local-1', 85.2)),
    null,
    ['local-1 is overloaded: CPU at 85.2% of 85% for 12 min', 'Number 1 in the queue'],
    ['local-1 负载过高：CPU 85.2%，上限 85%，已持续 12 分钟', '排在队列第 1 位'],
  ],
  [
    'several busy machines, whose numbers are in the list',
    blocked(busy('heron', 93), busy('tern', 99)),
    null,
    ['heron and tern are overloaded', 'Number 1 in the queue'],
    ['heron 和 tern 负载过高', '排在队列第 1 位'],
  ],
  [
    'a full machine',
    blocked({
      machineName: 'heron',
      reason: 'no_free_slot',
      measure: { kind: 'slots', value: 2, limit: 2, setting: null },
    }),
    null,
    ['heron has no free slot: 2 of 2 in use', 'Number 1 in the queue'],
    ['heron 没有空闲槽位：已用 2/2', '排在队列第 1 位'],
  ],
  [
    'a rule and a machine that nobody knows yet',
    queue(1, ['new-1', 'phase_of_moon']),
    null,
    ["new-1 can't run it", 'Number 1 in the queue'],
    ['new-1 无法运行此任务', '排在队列第 1 位'],
  ],
  [
    'an attempt before',
    waits('predecessor', 'dispatch'),
    null,
    [en.predecessor, 'starts automatically at 15:00'],
    [zh.predecessor, '15:00 自动开始'],
  ],
  [
    'in the queue for an account',
    waits('quota', 'dispatch'),
    null,
    ["Claude's account is out of quota", 'starts automatically at 15:00'],
    ['Claude 的账号额度已用完', '15:00 自动开始'],
  ],
  [
    'no dispatcher',
    waits('dispatcher', 'dispatch', null),
    null,
    [en.dispatcher, en.byItself],
    [zh.dispatcher, zh.byItself],
  ],
  [
    'in the queue with its question open',
    waits('gate', null, null),
    gate('confirm'),
    ['Waiting for confirmation before develop, asked 12 min ago', ''],
    ['develop 开始前等待确认，已等 12 分钟', ''],
  ],
  [
    'assigned for the first time',
    { status: 'assigned', startedAt: null },
    null,
    ['heron is preparing the workspace', ''],
    ['heron 正在准备工作区', ''],
  ],
  [
    'assigned after a gate',
    { status: 'assigned' },
    null,
    ['heron is about to continue', '12 min in total'],
    ['heron 即将继续', '总计 12 分钟'],
  ],
  [
    'a slot of the machine that has its work',
    { status: 'assigned', ...waits('slot', 'dispatch', null) },
    null,
    ['Continues when heron has a free slot: its workspace is there', ''],
    ['工作区在 heron 上，等它有空闲槽位后继续', ''],
  ],
  [
    'running',
    { status: 'running' },
    null,
    ['develop is running on heron', '12 min in total'],
    ['develop 正在 heron 上运行', '总计 12 分钟'],
  ],
  [
    'pushing',
    { status: 'running', currentStageIndex: 2 },
    null,
    ['heron is pushing the branch', '12 min in total'],
    ['heron 正在推送分支', '总计 12 分钟'],
  ],
  [
    'running on a machine that is silent',
    { status: 'running', ...waits('machine', 'requeue'), ...moves(2) },
    null,
    [
      'Lost contact with heron',
      'moves to another machine at 15:00 (in 30 min); 2 other machines can take it now',
    ],
    ['与 heron 失去联系', '15:00（30 分钟后）转移到其他机器；目前有 2 台其他机器可以接手'],
  ],
  [
    'its machine is lost, and that was its last attempt',
    { ...LOST, ...waits('machine', 'fail'), ...moves(2) },
    null,
    ['Lost contact with heron', 'fails at 15:00 (in 30 min)'],
    ['与 heron 失去联系', '15:00（30 分钟后）失败'],
  ],
  [
    'its machine is lost',
    { ...LOST, ...waits('machine', 'requeue'), ...moves(0) },
    null,
    [
      'Lost contact with heron',
      'moves to another machine at 15:00 (in 30 min); no other machine can take it now',
    ],
    ['与 heron 失去联系', '15:00（30 分钟后）转移到其他机器；目前没有其他机器可以接手'],
  ],
  [
    'its account is spent',
    { status: 'suspended', suspendReason: 'quota', ...waits('quota', 'resume') },
    null,
    ["Claude's account is out of quota", 'continues automatically at 15:00'],
    ['Claude 的账号额度已用完', '15:00 自动继续'],
  ],
  ...(['confirm', 'choose', 'input'] as const).map(
    (kind): Row => [
      `a gate of kind ${kind} that fails by itself`,
      { status: 'suspended', suspendReason: 'gate', ...waits('gate', 'fail') },
      gate(kind),
      [en.gate[kind]('develop', '12 min'), 'fails at 15:00'],
      [zh.gate[kind]('develop', '12 分钟'), '15:00 失败'],
    ],
  ),
  [
    'a gate that is not read yet',
    { status: 'suspended', suspendReason: 'gate', ...waits('gate', null, null) },
    null,
    ['Waiting for an answer before develop', ''],
    ['develop 开始前等待回答', ''],
  ],
  [
    'an agent that asks',
    { status: 'suspended', suspendReason: 'question', ...waits('gate', 'resume') },
    gate('question'),
    [
      'Claude asked a question 12 min ago and is waiting',
      'if no one answers by 15:00, Claude decides',
    ],
    ['Claude 提了一个问题，已等 12 分钟', '若 15:00 前无人回答，由 Claude 自行决定'],
  ],
  [
    'an agent that asks for permission',
    { status: 'suspended', suspendReason: 'question', ...waits('gate', 'resume') },
    gate('permission'),
    [en.gate.permission('Claude', '12 min'), "if no one answers by 15:00, it's denied"],
    ['Claude 请求许可，已等 12 分钟', '若 15:00 前无人回答，则视为拒绝'],
  ],
  [
    'an agent that asks for ever',
    { status: 'suspended', suspendReason: 'question', ...waits('gate', null, null) },
    null,
    ['Claude asked a question and is waiting', 'keeps its slot on heron'],
    ['Claude 提了一个问题，正在等待回答', '保留 heron 的槽位'],
  ],
  [
    'a budget',
    { status: 'suspended', suspendReason: 'budget', ...waits('gate', null, null) },
    gate('budget'),
    ['Budget used up 12 min ago. Continue?', ''],
    ['预算已于 12 分钟前用完，是否继续？', ''],
  ],
  [
    'a branch that was moved',
    {
      status: 'suspended',
      suspendReason: 'gate',
      currentStageIndex: 2,
      ...waits('gate', null, null),
    },
    gate('branch'),
    ['muster/42 was changed outside Muster (found 12 min ago). Choose what to do.', ''],
    ['muster/42 在 Muster 之外被修改（12 分钟前发现），请选择如何处理', ''],
  ],
  [
    'completed',
    { status: 'completed', ...result({ changed: true, branch: 'muster/42' }) },
    null,
    ['Pushed as muster/42 3 min ago', 'took 9 min'],
    ['3 分钟前已推送为 muster/42', '用时 9 分钟'],
  ],
  [
    'completed without a change',
    { status: 'completed', ...result({ changed: false, branch: null }) },
    null,
    ['Done 3 min ago without changes', 'took 9 min'],
    ['3 分钟前完成，没有任何改动', '用时 9 分钟'],
  ],
  [
    'completed, its branch kept, and follow-ups wait',
    { status: 'completed', followUpsQueued: 2, ...result({ changed: true, branch: null }) },
    null,
    ['Done 3 min ago; changes that people made to its branch were kept', '2 follow-ups queued'],
    ['3 分钟前完成，任务分支保留了他人的修改', '2 条后续指令在排队'],
  ],
  [
    'cancelled before it began',
    { status: 'cancelled', startedAt: null, finishedAt: ago(3) },
    null,
    ['Cancelled 3 min ago', ''],
    ['3 分钟前取消', ''],
  ],
  [
    'failed in a stage',
    failure('stage_failed', 'exit code 2'),
    null,
    ['develop ended with an error, 3 min ago', 'exit code 2'],
    ['develop 出错结束，3 分钟前', 'exit code 2'],
  ],
  [
    'failed as a newer worker says',
    failure('moon_eclipsed'),
    null,
    ['Failed (moon_eclipsed), 3 min ago', ''],
    ['失败（moon_eclipsed），3 分钟前', ''],
  ],
]

describe.each(['en', 'zh'] as const)('why, in %s', (tongue) => {
  it.each(rows)('%s', (_, task, gateOf, inEnglish, inChinese) => {
    const context = { ...catalogs[tongue], gate: gateOf }
    const { summary, detail } = statusText({ ...plain, ...task }, context)
    expect([summary, detail]).toEqual(tongue === 'en' ? inEnglish : inChinese)
  })
})
