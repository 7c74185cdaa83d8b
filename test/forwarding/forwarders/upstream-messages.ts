// Makes responses like those of other servers, compressed by hand or by dns-packet. The tests walk, damage and
// recompose these.

import { encode, type ResourceRecord } from 'dns-packet';

export function wireName(name: string): number[] {
  return [...name.split('.').flatMap((label) => (label === '' ? [] : [label.length, ...Buffer.from(label)])), 0];
}

const questionAt = 12;
const zoneAt = 12 + 4;
const toQuestion = [0xc0, questionAt];
const toZone = [0xc0, zoneAt];

function record(owner: number[], type: number, ttl: number, rdata: number[]): number[] {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(rdata.length, 8);
  return [...owner, ...fixed, ...rdata];
}

/** Returns a response for `www.corp.test`. `sections` has the records of each section, each as its octets. */
export function message(sections: readonly [number[][], number[][], number[][]]): Uint8Array {
  const counts = sections.flatMap((records) => [records.length >> 8, records.length & 255]);
  const question = [...wireName('www.corp.test'), 0, 1, 0, 1];
  return Uint8Array.from([0x12, 0x34, 0x81, 0x80, 0, 1, ...counts, ...question, ...sections.flat(2)]);
}

/** Returns messages with compressed names in the rdata of many types. */
export function samples(): Uint8Array[] {
  const two = [...toQuestion, ...toZone];
  const hand = [
    message([[record(toQuestion, 1, 60, [192, 0, 2, 1])], [], [[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]]]),
    message([
      [
        record(toQuestion, 5, 60, [3, 0x61, 0x62, 0x63, ...toZone]),
        record([3, 0x61, 0x62, 0x63, ...toZone], 1, 9, [1, 2, 3, 4]),
      ],
      [record(toZone, 2, 3_600, [2, 0x6e, 0x73, ...toZone])],
      [record([2, 0x6e, 0x73, ...toZone], 28, 3_600, Array(16).fill(7))],
    ]),
    message([
      [record(toQuestion, 33, 60, [0, 1, 0, 2, 0, 53, ...toZone]), record(toQuestion, 15, 60, [0, 9, ...toZone])],
      [],
      [],
    ]),
    message([[], [record(toZone, 6, 300, [...two, ...Array(20).fill(1)])], []]),
    message([
      [record(toQuestion, 17, 60, two), record(toQuestion, 35, 60, [0, 1, 0, 2, 1, 0x55, 0, 2, 0x21, 0x21, ...toZone])],
      [],
      [],
    ]),
    message([
      [record(toQuestion, 16, 60, [3, 0x61, 0x62, 0x63]), record(toQuestion, 65_280, 60, [1, 2, 0xc0, 12])],
      [],
      [],
    ]),
  ];
  const answers: ResourceRecord[] = Array.from({ length: 30 }, (_, i) => ({
    name: `h${i}.corp.test`,
    type: 'CNAME',
    ttl: i,
    data: `g${i}.corp.test`,
  }));
  const made = encode({ id: 1, type: 'response', questions: [{ name: 'h0.corp.test', type: 'A' }], answers });
  return [...hand, made];
}
