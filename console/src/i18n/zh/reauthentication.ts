import type * as en from '../en/reauthentication'

export const reauthentication: typeof en.reauthentication = {
  title: '确认你的身份',
  about: '此更改在会话结束后仍然有效，因此需要最近十分钟内的身份确认。',
  password: '密码',
  code: '身份验证器应用中的验证码',
  codeHint: '密码和验证码填写一项即可。',
  submit: '确认',
  by: (provider) => `通过 ${provider} 重新登录`,
  refused: '身份未确认。请在身份提供商处用你自己的账号重新登录。',
  byAbout: '之后会返回此页面，请再次执行操作。',
}
