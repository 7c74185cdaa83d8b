// An ordered map that finds the next lower and higher key quickly: sorted-btree. Only this file unwraps its CommonJS
// default export.

import sortedBtree from 'sorted-btree';

export class SortedMap<K, V> extends sortedBtree.default<K, V> {}
