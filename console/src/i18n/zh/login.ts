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
  codeAbout: '身份验证器中的六位数字，或一个恢复码。',
  code: '验证码',
  confirm: '确认',
  back: '返回',
  wrong: '用户名或密码错误。',
  wrongCode: '验证码不正确，或已被使用。',
  left: (tries) => `还可以尝试 ${tries} 次。`,
  rest: (minutes) => `尝试次数过多，请等待 ${minutes} 分钟。`,
  insecureTitle: '此地址无法安全登录',
  insecure: (host) =>
    `${host} 使用未加密的 HTTP：途中的其他人可以读到内容，浏览器也会停用控制台所需的功能。请改用 https:// 打开，或在服务器本机上打开 http://localhost。`,
  insecureHow: '服务器管理员可为其配置证书：MUSTER_TLS_CERT 与 MUSTER_TLS_KEY，或在前面放置代理。',
  passwordOff: '此处已停用密码登录，请通过身份提供商登录。',
  providerRefused: {
    invalid_sign_in: '身份提供商的回应无法使用，请重新登录。',
    sign_in_refused: '这里没有账号允许你以这种方式登录。请询问管理员：审计日志中有原因。',
    unavailable: '无法联系身份提供商，请稍后再试。',
  },
}
