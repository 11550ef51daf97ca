/** What the dev app reads from its environment; the defaults serve a person trying it by hand. */

const read = (name: string, fallback: string): string => process.env[name] ?? fallback

export const environment = {
  databaseUri: read('DATABASE_URI', 'file:./payload.db'),
  payloadSecret: read('PAYLOAD_SECRET', 'a-secret-for-development-only'),
  serverUrl: read('PAYLOAD_SERVER_URL', ''),
  mediaDirectory: read('MEDIA_DIRECTORY', './media'),
  port: Number(read('PORT', '3000')),
  bridgeUrl: read('REELWRIGHT_BRIDGE_URL', 'http://127.0.0.1:8000'),
  webhookSecret: read(
    'REELWRIGHT_WEBHOOK_SECRET',
    'whsec_ZGV2ZWxvcG1lbnQtb25seS1zZWNyZXQtMzJieXRlcyE=',
  ),
  apiKey: read('REELWRIGHT_API_KEY', 'development-only'),
  /** Payload's own locales, such as `en de ar`; none, and words are in one language. */
  locales: read('DEV_LOCALES', '').split(' ').filter(Boolean),
  userEmail: read('DEV_USER_EMAIL', ''),
  userPassword: read('DEV_USER_PASSWORD', ''),
}
