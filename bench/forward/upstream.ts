// A DNS server for bench/forward/run.ts, in a process of its own: it answers every question with the same address. For
// a name with a label `once`, the TTL is 0.

import { createSocket } from 'node:dgram';

const ttl = 3_600;
const address = [192, 0, 2, 1];

const socket = createSocket('udp4');
socket.on('message', (query, from) => {
  let end = 12;
  let isOnce = false;
  for (let length = query[end] as number; length !== 0; length = query[end] as number) {
    if (query.toString('latin1', end + 1, end + 1 + length).toLowerCase() === 'once') isOnce = true;
    end += 1 + length;
  }
  end += 5;
  const answer = Buffer.alloc(end + 16);
  query.copy(answer, 0, 0, end);
  answer[2] = 0x85;
  answer[3] = 0x80;
  answer.writeUInt16BE(1, 6);
  answer.writeUInt32BE(0, 8);
  answer.set([0xc0, 12, 0, 1, 0, 1], end);
  answer.writeUInt32BE(isOnce ? 0 : ttl, end + 6);
  answer.set([0, 4, ...address], end + 10);
  socket.send(answer, from.port, from.address);
});
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
