export const login = {
  title: 'Sign in',
  username: 'Username',
  password: 'Password',
  submit: 'Sign in',
  code: 'Code from your authenticator, or a recovery code',
  wrong: 'The name or the password is wrong.',
  wrongCode: 'This code is not right, or was used.',
}
