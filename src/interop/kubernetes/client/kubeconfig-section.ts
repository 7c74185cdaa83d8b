// Reads fields of a kubeconfig. Each error names the file, the field and what is wrong with it.

type Fields = Record<string, unknown>;

/** An object in a kubeconfig. */
export class KubeconfigSection {
  readonly #file: string;
  readonly #path: string;
  readonly #fields: Fields;

  constructor(file: string, path: string, value: unknown) {
    this.#file = file;
    this.#path = path;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('', 'must be an object');
    this.#fields = value as Fields;
  }

  has(name: string): boolean {
    const value = this.#fields[name];
    return value !== undefined && value !== null && value !== '';
  }

  /** Returns a text; undefined if the field is missing or empty, as kubectl takes it. */
  text(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#fields[name];
    if (typeof value !== 'string') this.fail(name, 'must be a text: put it in quotes');
    return value as string;
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.fail(name, 'is missing');
  }

  flag(name: string): boolean {
    if (!this.has(name)) return false;
    const value = this.#fields[name];
    if (typeof value !== 'boolean') this.fail(name, 'must be true or false');
    return value as boolean;
  }

  /** Returns the bytes that a field has in base64, as text. */
  data(name: string): string | undefined {
    const text = this.text(name)?.replaceAll(/\s/g, '');
    if (text === undefined) return undefined;
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) this.fail(name, 'must be base64');
    return Buffer.from(text, 'base64').toString('utf8');
  }

  section(name: string): KubeconfigSection {
    if (!this.has(name)) this.fail(name, 'is missing');
    return new KubeconfigSection(this.#file, this.pathOf(name), this.#fields[name]);
  }

  list(name: string): KubeconfigSection[] {
    return this.#items(name).map((item, index) => this.#itemSection(name, index, item));
  }

  texts(name: string): string[] {
    return this.#items(name).map((item, index) => {
      if (typeof item !== 'string') this.fail(`${name}[${index}]`, 'must be a text: put it in quotes');
      return item as string;
    });
  }

  /** Returns the section `kind` of the item of a list that has this name, such as `user` of one of `users`. */
  named(list: string, name: string, kind: string): KubeconfigSection {
    const items = this.list(list);
    const item = items.find((one) => one.text('name') === name);
    if (item !== undefined) return item.section(kind);
    const names = items.map((one) => one.text('name') ?? '').join(', ');
    return this.fail(list, `has no '${name}'${names === '' ? '' : ` (it has ${names})`}`);
  }

  pathOf(name: string): string {
    return [this.#path, name].filter((part) => part !== '').join('.');
  }

  fail(name: string, fault: string): never {
    const path = this.pathOf(name);
    throw new Error(`${this.#file}: ${path === '' ? '' : `${path} `}${fault}`);
  }

  #items(name: string): unknown[] {
    if (!this.has(name)) return [];
    const value = this.#fields[name];
    if (!Array.isArray(value)) this.fail(name, 'must be a list');
    return value as unknown[];
  }

  #itemSection(list: string, index: number, item: unknown): KubeconfigSection {
    const name = (item as Fields | null)?.name;
    const place = typeof name === 'string' ? `'${name}'` : index;
    return new KubeconfigSection(this.#file, this.pathOf(`${list}[${place}]`), item);
  }
}
