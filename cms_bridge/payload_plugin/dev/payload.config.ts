/** The dev application as its environment wants it. */
import { makeConfig } from './config.ts'
import { deskIn } from './desk.ts'
import { environment } from './environment.ts'
import { seedUser } from './seed.ts'

const desk = environment.locales.length > 0 ? deskIn(environment.locales) : undefined

export default makeConfig({
  databaseUri: environment.databaseUri,
  secret: environment.payloadSecret,
  serverUrl: environment.serverUrl,
  mediaDirectory: environment.mediaDirectory,
  ...(desk && { database: desk.database, userFields: desk.userFields }),
  plugin: {
    bridgeUrl: environment.bridgeUrl,
    webhookSecret: environment.webhookSecret,
    apiKey: environment.apiKey,
    ...desk?.plugin,
  },
  host: { onInit: seedUser, ...desk?.host },
})
