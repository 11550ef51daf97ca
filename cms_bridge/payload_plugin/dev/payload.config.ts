/** The dev application as its environment wants it. */
import { makeConfig } from './config.js'
import { environment } from './environment.js'
import { seedUser } from './seed.js'

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
