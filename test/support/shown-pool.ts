// Pools and addresses as the API shows them.

export type ShownCounts = Record<'capacity' | 'used' | 'recorded' | 'coolingDown' | 'carved' | 'free', string>;

export interface ShownPool {
  id: string;
  name: string;
  parent: string | null;
  ranges: string[];
  exclude: string[];
  space: string;
  usage: { ipv4: ShownCounts; ipv6: ShownCounts };
}

export interface Items<T> {
  items: T[];
}
