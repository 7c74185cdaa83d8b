// An ordered map with cheap neighbours: sorted-btree, whose CommonJS default export is unwrapped here and nowhere else.

import sortedBtree from 'sorted-btree';

export class SortedMap<K, V> extends sortedBtree.default<K, V> {}
