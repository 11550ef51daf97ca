import * as migration_20261121_074616_initial from './20261121_074616_initial.ts'

export const migrations = [
  {
    up: migration_20261121_074616_initial.up,
    down: migration_20261121_074616_initial.down,
    name: '20261121_074616_initial',
  },
]
