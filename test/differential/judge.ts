// Judges our answer: it must equal NSD's or Knot's, or differ from theirs only in documented ways.

import { type Answer, differingParts, type Part } from './answer.ts';
import { documentedDifferences, isSubset, lacksGlue } from './documented-differences.ts';
import { type PeerName, peerNames } from './peers.ts';
import type { Question } from './random-questions.ts';
import type { Family } from './zone-builder.ts';

/** One question, our answer, and those of the peers that have loaded the family's zones. */
export interface Case {
  family: Family;
  question: Question;
  ours: Answer;
  /** Our answer over TCP. */
  whole: Answer;
  /** The length of `whole`, in octets. */
  wholeLength: number;
  theirs: Partial<Record<PeerName, Answer>>;
}

export interface Verdict {
  /** Peers whose answer equals ours in every part. */
  same: PeerName[];
  /**
   * Peers whose answer differs. `documented`: the documented differences that explain this; undefined if they do not.
   */
  other: { peer: PeerName; documented: string[] | undefined }[];
}

export function judge(asked: Case): Verdict {
  const verdict: Verdict = { same: [], other: [] };
  for (const peer of peerNames) {
    const theirs = asked.theirs[peer];
    if (theirs === undefined) continue;
    const differing = differingParts(asked.ours, theirs);
    if (differing.length === 0) verdict.same.push(peer);
    else verdict.other.push({ peer, documented: explain(asked, peer, theirs, differing) });
  }
  return verdict;
}

/**
 * Returns whether our answer is a part of the whole answer. TC is allowed only if the whole answer does not fit.
 * Without TC, only additional records may be missing, and no glue. Returns true for ANY (RFC 8482).
 */
export function isPartOfWhole({ question, ours, whole, wholeLength }: Case): boolean {
  if (question.type === 'ANY') return true;
  const within = (['answer', 'authority', 'additional'] as const).every((part) => isSubset(ours[part], whole[part]));
  if (ours.tc) return within && wholeLength > sizeLimit(question);
  return within && !lacksGlue(ours, whole) && differingParts(ours, whole).every((part) => part === 'additional');
}

function sizeLimit({ tcp, edns }: Question): number {
  if (tcp) return 65_535;
  return edns === undefined ? 512 : Math.min(1232, Math.max(512, edns.udpSize));
}

/** Returns the documented differences that explain every differing part; undefined if a part is not explained. */
function explain(asked: Case, peer: PeerName, theirs: Answer, differing: readonly Part[]): string[] | undefined {
  const left = new Set(differing);
  const names: string[] = [];
  for (const [name, { explains }] of Object.entries(documentedDifferences)) {
    const parts = explains({ ...asked, theirs, peer }).filter((part) => left.has(part));
    if (parts.length === 0) continue;
    names.push(name);
    for (const part of parts) left.delete(part);
  }
  return left.size === 0 ? names : undefined;
}
