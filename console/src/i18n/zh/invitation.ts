import type * as en from '../en/invitation'

export const invitation: typeof en.invitation = {
  title: '接受邀请',
  from: (name, host) => `${name} 邀请你加入 ${host} 上的 Muster。`,
  projects: (keys) => `你将加入这些项目：${keys}。`,
  accept: '创建账号',
  with: (provider) => `使用 ${provider} 继续`,

  invite: '邀请成员',
  about: '你会得到一个只能创建一个账号的链接。对方自行设置用户名和密码。',
  create: '生成链接',
  projectKeys: '项目',
  project: '项目',
  addProject: '添加项目',
  removeProject: (key) => `移除 ${key}`,
  roleIn: (key) => `在 ${key} 中的角色`,
  projectAs: (key, role) => `${key}（${role}）`,
  emailHint: '使用单点登录时，只有此邮箱可以接受邀请。可不填。',
  note: '备注',
  noteHint: '仅管理员可见。可不填。',
  created: '邀请已创建',
  createdAbout: '请将此链接发给对方。任何拿到链接的人都能创建该账号。',
  link: '链接',
  list: '邀请',
  none: '没有邀请。',
  person: '人员',
  states: {
    open: '待接受',
    accepted: '已接受',
    withdrawn: '已撤回',
    expired: '已过期',
  },
  withdraw: '撤回',
  withdrawTitle: (name) => `撤回对 ${name} 的邀请`,
  withdrawAbout: '其链接将失效。',
}

export const roles: typeof en.roles = {
  guide: '系统角色和项目角色的权限',
  guideAbout:
    '每个人有一个系统角色，并在所属的每个项目中各有一个项目角色。任一角色允许的操作都可以执行。',
  ofSystem: '系统角色',
  systemRole: '系统角色',
  ofSystemAbout: '全局有效。由管理员在“开发者”页面设置。',
  ofProject: '项目角色',
  ofProjectAbout: '只在一个项目中有效。由管理员和该项目的维护者在“成员”中设置。',
  system: {
    developer: '在所属的项目中工作。',
    lead: '还能查看所有项目和机器、排空机器，并取消任何任务。',
    admin: '可以执行所有操作：账号、项目、机器和设置。',
  },
  project: {
    member: '创建任务、回答问题、评审并追加指令。',
    maintainer: '还能更改项目及其成员，取消和重试任何人的任务，并在其终端中输入。',
  },
}

export const answerers: typeof en.answerers = {
  label: '谁可以回答',
  hint: '对管理员同样有效；若已无人可回答，管理员可以回答。',
  who: {
    members: '所有成员',
    maintainers: '维护者',
    not_author: '除作者以外的所有人',
    named: '指定人员',
  },
  people: '可以回答的人员',
  notMember: (name) => `${name}（非成员）`,
  can: (names) => `可以回答：${names}。`,
  nobodyLeft: (names) => `已无其他人可回答，管理员可以回答：${names}。`,
}
