// The part of dns-packet that the tests use; the package brings no types.

declare module 'dns-packet' {
  export interface Question {
    name: string;
    type: string;
    class?: string;
  }

  export interface ResourceRecord {
    name: string;
    type: string;
    class?: string;
    ttl?: number;
    /** The rdata as dns-packet decodes it: a string for A, an object for SOA, and so on. */
    data?: unknown;
  }

  export interface EdnsOption {
    code: number | string;
    type?: string;
    data?: Uint8Array;
  }

  export interface OptRecord {
    type: 'OPT';
    name: '.';
    udpPayloadSize?: number;
    extendedRcode?: number;
    ednsVersion?: number;
    flags?: number;
    options?: EdnsOption[];
  }

  export interface Message {
    id: number;
    type: 'query' | 'response';
    flags: number;
    opcode: string;
    rcode: string;
    flag_qr: boolean;
    flag_aa: boolean;
    flag_tc: boolean;
    flag_rd: boolean;
    flag_ra: boolean;
    flag_ad: boolean;
    flag_cd: boolean;
    questions: Question[];
    answers: ResourceRecord[];
    authorities: ResourceRecord[];
    additionals: (ResourceRecord | OptRecord)[];
  }

  export interface MessageToEncode {
    id?: number;
    type?: 'query' | 'response';
    flags?: number;
    opcode?: string;
    questions?: Question[];
    answers?: ResourceRecord[];
    authorities?: ResourceRecord[];
    additionals?: (ResourceRecord | OptRecord)[];
  }

  export const DNSSEC_OK: number;
  export function encode(message: MessageToEncode): Buffer;
  export function decode(bytes: Buffer): Message;
}
