import type * as en from '../en/login'

export const login: typeof en.login = {
  title: '登录',
  to: (host) => `登录到 ${host}`,
  username: '用户名',
  password: '密码',
  showPassword: '显示密码',
  hidePassword: '隐藏密码',
  submit: '登录',
  or: '或',
  codeTitle: '输入验证码',
  codeAbout: '身份验证器应用中的六位数字，或一个恢复码。',
  code: '验证码',
  confirm: '确认',
  back: '返回',
  wrong: '用户名或密码错误。',
  wrongCode: '验证码不正确或已被使用，请输入新的验证码。',
  left: (tries) => `还可以尝试 ${tries} 次。`,
  rest: (minutes) => `尝试次数过多，请在 ${minutes} 分钟后重试。`,
  insecureTitle: '在此地址登录不安全',
  insecure: (host) =>
    `${host} 使用未加密的 HTTP。网络中的其他人可以看到传输内容，浏览器也会停用控制台所需的功能。请改用 https:// 打开，或在服务器本机上打开 http://localhost。`,
  insecureHow:
    '要启用 HTTPS，服务器管理员可设置 MUSTER_TLS_CERT 和 MUSTER_TLS_KEY，或使用反向代理。',
  passwordOff: '密码登录已关闭，请使用单点登录。',
  providerRefused: {
    invalid_sign_in: '身份提供商的响应无效，请重新登录。',
    account_exists: '你已有账号，请直接登录，无需使用邀请。',
    invitation_accepted: '此邀请已被使用。',
    invitation_expired: '此邀请已过期，请索取新的邀请。',
    invitation_not_found: '此邀请已不存在，请索取新的邀请。',
    invitation_other_email: '此邀请发给了另一个邮箱地址。',
    invitation_withdrawn: '此邀请已被撤回。',
    inviter_disabled: '邀请人已不再是管理员，请索取新的邀请。',
    sign_in_refused: '没有账号允许以此方式登录。请联系管理员，审计日志中有详情。',
    unavailable: '无法连接身份提供商，请稍后重试。',
  },
}
