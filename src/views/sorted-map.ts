// An ordered map that quickly finds the next lower or higher key (sorted-btree). Only this file unwraps the CommonJS
// default export of sorted-btree.

import sortedBtree from 'sorted-btree';

export class SortedMap<K, V> extends sortedBtree.default<K, V> {}
