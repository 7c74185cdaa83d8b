// The columns of files: which ones the first line names, and how tags have columns of their own.

import { unguarded } from '../../model/csv.ts';
import type { Tags } from '../../model/pool.ts';
import type { RowFault } from './row-faults.ts';

/** The prefix of the column of one tag: `tags.app`. */
const tagPrefix = 'tags.';
/** The limit for tags with columns of their own in an export. Others are in the column `tags`. */
const maxTagColumns = 200;

/** A column of a file that is read. */
export type ReadColumn<Column extends string> = { column: Column } | { tag: string };

/** The columns of one kind of file. */
export interface Columns<Column extends string> {
  /** What the rows are: `hosts`. */
  of: string;
  names: readonly Column[];
  /** The columns of an export, without those of single tags. */
  exported: readonly Column[];
  /** The column that every file needs. */
  needed: Column;
}

/** Returns the columns that the first row names, or its faults. */
export function readHeader<Column extends string>(
  { of, names, needed }: Columns<Column>,
  cells: readonly string[],
): { columns: ReadColumn<Column>[]; faults: RowFault[] } {
  const faults: RowFault[] = [];
  const seen = new Set<string>();
  const columns = cells.map((cell): ReadColumn<Column> => {
    const text = unguarded(cell.trim());
    const isTag = text.toLowerCase().startsWith(tagPrefix) && text.length > tagPrefix.length;
    const name = isTag ? tagPrefix + text.slice(tagPrefix.length) : text.toLowerCase();
    const column = names.find((one) => isNamed(one.toLowerCase(), name));
    if (!isTag && column === undefined) {
      const known = `${names.join(', ')}, and ${tagPrefix}NAME for a tag`;
      faults.push({ column: text, message: `is no column of ${of}; there are ${known}` });
    }
    const key = isTag ? name : (column ?? name);
    if (seen.has(key)) faults.push({ column: text, message: 'is named twice' });
    seen.add(key);
    return isTag ? { tag: name.slice(tagPrefix.length) } : { column: column ?? needed };
  });
  if (!seen.has(needed))
    faults.push({ message: `the first line has no column \`${needed}\`: it must name the columns` });
  return { columns, faults };
}

/** Returns whether a name means a column, also in the singular. */
function isNamed(column: string, name: string): boolean {
  return column === name || column === `${name}es` || column === `${name}s`;
}

/** The cells of a row: those of tags apart. An empty cell of a tag is null. */
interface ReadCells<Column extends string> {
  cells: Map<Column, string>;
  tags: Record<string, string | null> | undefined;
  faults: RowFault[];
}

/** Returns the cells of a row by their columns, without apostrophes that guard them. */
export function readCells<Column extends string>(
  header: readonly ReadColumn<Column | 'tags'>[],
  texts: readonly string[],
): ReadCells<Column> {
  const faults: RowFault[] = [];
  const cells = new Map<Column, string>();
  // Without a prototype, a tag can have any name.
  const tags: Record<string, string | null> = Object.create(null);
  if (texts.slice(header.length).some((text) => text.trim() !== ''))
    faults.push({ message: `the row has ${texts.length} cells, and the first line ${header.length}` });
  for (const [index, column] of header.entries()) {
    const cell = unguarded(texts[index] ?? '');
    if ('tag' in column) tags[column.tag] = cell === '' ? null : cell;
    else if (column.column === 'tags') Object.assign(tags, readTags(cell.trim(), faults));
    else cells.set(column.column, cell);
  }
  return { cells, tags: Object.keys(tags).length > 0 ? tags : undefined, faults };
}

function readTags(text: string, faults: RowFault[]): Record<string, string> {
  if (text === '') return {};
  try {
    const tags: unknown = JSON.parse(text);
    if (typeof tags === 'object' && tags !== null && Object.values(tags).every((value) => typeof value === 'string'))
      return tags as Record<string, string>;
  } catch {
    // Told below.
  }
  faults.push({ column: 'tags', message: 'is no JSON object of texts, such as {"app": "nginx"}' });
  return {};
}

/** Returns the words of a cell with several values. */
export function wordsOf(cell: string): string[] {
  return cell.split(/[\s,;]+/).filter((word) => word !== '');
}

/** Returns the fields without empty cells. */
export function withoutEmpty<Fields extends object>(
  fields: Fields,
): { [Field in keyof Fields]: Exclude<Fields[Field], null> } {
  const filled = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(filled) as { [Field in keyof Fields]: Exclude<Fields[Field], null> };
}

/** Returns the columns for the tags of items. `tagsOf`: returns all tags of one item. */
export async function tagColumnsOf<Item>(
  items: AsyncIterable<Item>,
  tagsOf: (item: Item) => readonly Tags[],
): Promise<TagColumns> {
  const names = new Set<string>();
  for await (const item of items)
    for (const tags of tagsOf(item))
      for (const name of Object.keys(tags)) if (mayBeColumn(name) && names.size < maxTagColumns) names.add(name);
  return new TagColumns([...names].sort());
}

/** Returns whether an import takes the tag from a column of this name: it ignores white space at both ends. */
function mayBeColumn(tag: string): boolean {
  return tag !== '' && tag === tag.trim();
}

/** The tags that have columns of their own in an export. */
export class TagColumns {
  readonly #names: readonly string[];
  readonly #known: ReadonlySet<string>;
  /** The names of the columns. The last one has all other tags. */
  readonly header: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#known = new Set(names);
    this.header = [...names.map((name) => tagPrefix + name), 'tags'];
  }

  /** Returns the first row of an export with these columns. */
  headerCells({ exported }: Pick<Columns<string>, 'exported'>): string[] {
    return [...exported, ...this.header];
  }

  /** Returns the cells of a row. An empty tag is in the last cell, because an empty cell means that there is no tag. */
  cellsOf(tags: Tags): string[] {
    const others = Object.entries(tags).filter(([name, value]) => value === '' || !this.#known.has(name));
    return [
      ...this.#names.map((name) => (Object.hasOwn(tags, name) ? (tags[name] ?? '') : '')),
      others.length === 0 ? '' : JSON.stringify(Object.fromEntries(others)),
    ];
  }
}
