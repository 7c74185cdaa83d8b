// The list behaves as an array whose members are removed one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Linked, LinkedList } from '../../src/model/linked-list.ts';

interface Member extends Linked<Member> {
  readonly number: number;
}

test('members are kept in the order in which they came, and each is removed once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), (steps) => {
      const members = Array.from(
        { length: 10 },
        (_, number): Member => ({ number, previous: undefined, next: undefined }),
      );
      const list = new LinkedList<Member>();
      let expected: Member[] = [];
      for (const number of steps) {
        const member = members[number] as Member;
        const isIn = expected.includes(member);
        expected = expected.filter((one) => one !== member);
        assert.equal(list.remove(member), isIn);
        assert.deepEqual([member.previous, member.next], [undefined, undefined], 'it still knows its neighbours');
        if (!isIn) {
          list.add(member);
          expected.push(member);
        }
        assert.deepEqual(numbers(list.toArray()), numbers(expected));
        assert.equal(list.first, expected[0]);
        assert.equal(list.size, expected.length);
      }
    }),
  );
});

function numbers(members: readonly Member[]): number[] {
  return members.map(({ number }) => number);
}
