import type { taskUsage as en } from '../en/taskUsage'

export const taskUsage: typeof en = {
  title: '用量明细',
  by: '分组',
  groups: { attempt: '按尝试', stage: '按阶段', agent: '按智能体', model: '按模型' },
  columns: { attempt: '尝试', stage: '阶段', agent: '智能体', model: '模型' },
  attempt: (n) => `第 ${n} 次尝试`,
  noModel: '未知',
  sum: '合计',
  budget: '预算',
  noBudget: '此任务没有单独的预算，所属项目和创建者可能有每月预算。',
  nothing: '还没有用量信息。',
  nothingWhy: '智能体在工作中和结束时报告用量，脚本没有用量。',
}
