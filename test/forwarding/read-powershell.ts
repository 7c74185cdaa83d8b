// Reads the part of PowerShell's grammar that our rendered text uses, because no parser of PowerShell is installed
// here. Quotes, brackets and blocks must match. A statement must be an assignment, a chain of `if`, or a command. Each
// parameter of a command must have a value. Text outside of this grammar is refused.

type Token = {
  kind: 'word' | 'string' | 'variable' | 'splat' | 'parameter' | 'operator' | 'number' | 'newline';
  text: string;
};

const rules: [Token['kind'] | 'blank' | 'comment', RegExp][] = [
  ['comment', /#[^\n]*/y],
  ['blank', /[ \t]+/y],
  ['newline', /\n|;/y],
  ['string', /'(?:[^'\n]|'')*'/y],
  ['variable', /\$[A-Za-z_]\w*/y],
  ['operator', /@\(|@\{|\(|\)|\{|\}|\||,|=|\.(?=[A-Za-z])/y],
  ['splat', /@[A-Za-z]\w*/y],
  ['parameter', /-[A-Za-z]+/y],
  ['number', /\d+/y],
  ['word', /[A-Za-z]\w*(?:-[A-Za-z]\w*)?/y],
];
const infix = new Set(['-eq', '-ne', '-ge', '-join']);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = rules.find(([, rule]) => {
      rule.lastIndex = at;
      return rule.test(text);
    });
    if (found === undefined) throw new Error(`no token begins with ${JSON.stringify(text.slice(at, at + 20))}`);
    const [kind, rule] = found;
    const token = text.slice(at, rule.lastIndex);
    at = rule.lastIndex;
    if (kind !== 'blank' && kind !== 'comment') tokens.push({ kind, text: token });
  }
  return tokens;
}

/** Returns the names of the commands in the text, in order. Throws if it cannot read the text. */
export function readPowerShell(text: string): { commands: string[] } {
  const tokens = tokensOf(text);
  const commands: string[] = [];
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const is = (token: string) => peek()?.text === token && peek()?.kind !== 'string';
  const fail = (): never => {
    throw new Error(
      `unexpected ${JSON.stringify(peek()?.text)} after ${tokens
        .slice(at - 5, at)
        .map((one) => one.text)
        .join(' ')}`,
    );
  };
  const take = (token: string) => (is(token) ? at++ : fail());
  const skipLines = () => {
    while (peek()?.kind === 'newline') at += 1;
  };

  function block(): void {
    take('{');
    skipLines();
    while (!is('}')) statement();
    take('}');
  }

  function statement(): void {
    if (is('if')) {
      at += 1;
      condition();
      while (is('elseif')) {
        at += 1;
        condition();
      }
    } else if (peek()?.kind === 'variable' && tokens[at + 1]?.text === '=') {
      at += 2;
      pipeline();
    } else pipeline();
    if (peek() !== undefined && !is('}')) {
      if (peek()?.kind !== 'newline') fail();
      skipLines();
    }
  }

  function condition(): void {
    take('(');
    expression();
    take(')');
    block();
  }

  /** Reads a command or a value, and the commands to which `|` passes it. */
  function pipeline(): void {
    if (peek()?.kind === 'word') command();
    else expression();
    while (is('|')) {
      at += 1;
      command();
    }
  }

  function command(): void {
    if (peek()?.kind !== 'word' || !/^[A-Z]\w+-[A-Z]\w+$/.test(peek()?.text ?? '')) fail();
    commands.push(peek()?.text ?? '');
    at += 1;
    for (;;) {
      const token = peek();
      if (token?.kind === 'splat') at += 1;
      else if (token?.kind === 'parameter') {
        at += 1;
        if (peek()?.kind === 'word') at += 1;
        else primary();
      } else if (token?.kind === 'string') at += 1;
      else if (is('{')) block();
      else return;
    }
  }

  function expression(): void {
    for (primary(); peek()?.kind === 'parameter' && infix.has(peek()?.text ?? ''); primary()) at += 1;
    while (is('|')) {
      at += 1;
      command();
    }
  }

  function primary(): void {
    const token = peek();
    if (token?.kind === 'string' || token?.kind === 'number' || token?.kind === 'variable') at += 1;
    else if (is('(')) {
      at += 1;
      pipeline();
      take(')');
    } else if (is('@(')) {
      at += 1;
      for (pipeline(); is(','); primary()) at += 1;
      take(')');
    } else if (is('@{')) {
      at += 1;
      while (peek()?.kind === 'word') {
        at += 1;
        take('=');
        primary();
      }
      take('}');
    } else fail();
    while (is('.')) {
      at += 1;
      if (peek()?.kind !== 'word') fail();
      at += 1;
      if (is('(')) {
        take('(');
        take(')');
      }
    }
  }

  skipLines();
  while (peek() !== undefined) statement();
  return { commands };
}
