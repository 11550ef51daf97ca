import * as migration_20261121_074616_initial from './20261121_074616_initial.ts';
import * as migration_20261121_083752_refusals from './20261121_083752_refusals.ts';

export const migrations = [
  {
    up: migration_20261121_074616_initial.up,
    down: migration_20261121_074616_initial.down,
    name: '20261121_074616_initial',
  },
  {
    up: migration_20261121_083752_refusals.up,
    down: migration_20261121_083752_refusals.down,
    name: '20261121_083752_refusals'
  },
];
