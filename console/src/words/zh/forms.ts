import type * as en from '../en/forms'

export const forms: typeof en.forms = {
  moreRows: '显示更多',
  kept: '我已保存',
  once: '内容只显示这一次。请立即复制到你保管密钥的地方。',
  acts: '操作',
  actsOf: (name) => `对 ${name} 的操作`,
  create: '创建',
  edit: '修改',
  delete: '删除',
  none: '无',
  never: '从未',
  on: '开',
  off: '关',
  optional: '可以留空。',
  created: '创建时间',
  name: '名称',
  status: '状态',
  filter: '筛选',
  clear: '清除筛选',
  limits: { minutes: '分钟', tokens: 'Token 数', cost: '费用（$）' },
  noHit: '没有符合筛选条件的内容。',
}
