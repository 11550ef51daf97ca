/** What the tests and their servers agree on. */
export const secret = 'tests-only'
export const user = { email: 'editor@example.org', password: 'correct horse' }
export const plugin = {
  webhookSecret: `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`,
  apiKey: 'key-of-the-tests',
}
