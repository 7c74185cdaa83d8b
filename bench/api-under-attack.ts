// Measures what an attacker can do to a replica through its API: many pipelined requests, silent connections, the
// heaviest requests of one token. measure-attacks.ts says what is measured. heavy-reads.ts attacks with reads.
//
// npm run bench:attack [part of an attack's title] [seconds until the last look at memory]

import { attackNames, runAttack } from './attacks.ts';
import { measureAttacks } from './measure-attacks.ts';

const [only = '', settleSeconds = '60'] = process.argv.slice(2);
const hosts = 1_000;

await measureAttacks({
  // Lets the replica work before the measurement: its code is then compiled, and its memory has grown.
  fill: async (replica) => {
    for (let i = 0; i < hosts; i += 1) await replica.expect(201, 'POST', '/v1/hosts', { name: `h${i}.foo.k8s` });
  },
  attacks: attackNames.filter((one) => one.includes(only)),
  run: runAttack,
  settleSeconds: Number(settleSeconds),
});
