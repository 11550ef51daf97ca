/** The dev application as its environment wants it. */
import { makeConfig } from './config.ts'
import { environment } from './environment.ts'
import { seedUser } from './seed.ts'

export default makeConfig({
  databaseUri: environment.databaseUri,
  secret: environment.payloadSecret,
  serverUrl: environment.serverUrl,
  plugin: {
    bridgeUrl: environment.bridgeUrl,
    webhookSecret: environment.webhookSecret,
    apiKey: environment.apiKey,
  },
  host: { onInit: seedUser },
})
