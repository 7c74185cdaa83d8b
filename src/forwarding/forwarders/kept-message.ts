// Reads the message of a cached block.

import { headerField, headerLength, writeUint16 } from '../../dns/wire/header.ts';
import { maxMessage } from '../../dns/wire/max-message.ts';
import { field } from '../../forward-cache/answer-block.ts';
import { AnswerReader } from '../../forward-cache/answer-reader.ts';
import { WalkedMessage } from './walk-message.ts';

/** Octets of type and class, which follow the name of a question. */
const questionFixed = 4;

/** Returns the message of a block, with the block's age subtracted from the TTLs. `seconds` is the time now. */
export function messageOf(block: Uint8Array, seconds: number): WalkedMessage {
  const reader = new AnswerReader();
  reader.open(block);
  const octets = new Uint8Array(headerLength + block.length);
  const nameLength = new DataView(block.buffer, block.byteOffset).getUint16(field.nameLength);
  octets.set(block.subarray(field.message, field.message + nameLength + questionFixed), headerLength);
  const end = reader.copy(octets, maxMessage, seconds);
  octets[headerField.questions + 1] = 1;
  writeUint16(octets, headerField.answers, reader.answers);
  writeUint16(octets, headerField.authorities, reader.authorities);
  writeUint16(octets, headerField.additionals, reader.additionals);
  const message = new WalkedMessage();
  if (!message.walk(octets, end)) throw new Error('a kept answer is malformed');
  return message;
}
