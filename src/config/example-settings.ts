/** A setting in the example of an adapter that a person may want to answer for. */
export interface ExampleSetting {
  /** `key.secret` for a nested one. */
  readonly key: string;
  /** What stands there; for a secret the file that it lies in, for a list its texts with a blank between them. */
  readonly value: string;
  readonly kind: 'text' | 'list' | 'secret-file';
  /** The comment beside it. */
  readonly comment: string;
}

const LINE =
  /^(?<indent> *)(?<key>[A-Za-z][\w-]*):(?: +(?<value>\{[^}]*\}|\[[^\]]*\]|[^#\s][^#]*?))?(?<rest> +#.*)?$/;
const SECRET = /^\{ file: (.+) \}$/;
const LIST = /^\[(.+)\]$/;

/**
 * The settings of an example, in its order: texts, lists of texts, and secrets that lie in files. Numbers, mappings and
 * what is commented out stay as they are.
 * @param example lines of YAML, two spaces to a level
 */
export function settingsIn(example: string): ExampleSetting[] {
  return walk(example).flatMap(({ key, value, rest }): ExampleSetting[] => {
    const comment = rest.replace(/^ +# */, '');
    const file = SECRET.exec(value)?.[1];
    if (file !== undefined) return [{ key, value: file, kind: 'secret-file', comment }];
    const list = listed(value);
    if (list !== null) return [{ key, value: list, kind: 'list', comment }];
    if (value === '' || /^[[{]|^\d+$/.test(value)) return [];
    return [{ key, value, kind: 'text', comment }];
  });
}

/** The example with answers in place of what it has; null leaves a setting out. */
export function withAnswers(example: string, answers: ReadonlyMap<string, string | null>): string {
  const lines = new Map(walk(example).map((each) => [each.line, each]));
  return example
    .split('\n')
    .flatMap((text, line) => {
      const found = lines.get(line);
      const answer = found === undefined ? undefined : answers.get(found.key);
      if (found === undefined || answer === undefined) return [text];
      if (answer === null) return [];
      const file = SECRET.exec(found.value)?.[1];
      const list = listed(found.value);
      if (answer === (file ?? list ?? found.value)) return [text];
      const value =
        file !== undefined
          ? `{ file: ${yamlText(answer)} }`
          : list !== null
            ? `[${answer.split(/,?\s+/).map(yamlText).join(', ')}]`
            : yamlText(answer);
      return [`${found.head} ${value}${found.rest}`];
    })
    .join('\n');
}

/** As it is where YAML takes it for a text, else in quotes, which are the same in YAML as in JSON. */
export function yamlText(value: string): string {
  return /^(?!(?:true|false|null)$)[a-z_/][a-zA-Z0-9_./-]*$/.test(value) ? value : JSON.stringify(value);
}

/** The texts of a list, with a blank between them; null for what is none. */
function listed(value: string): string | null {
  const items = LIST.exec(value)?.[1]?.split(',');
  return items === undefined
    ? null
    : items.map((item) => item.trim().replace(/^(["'])(.*)\1$/, '$2')).join(' ');
}

interface Line {
  readonly line: number;
  readonly key: string;
  /** Up to the colon. */
  readonly head: string;
  readonly value: string;
  /** The comment with the blanks before it. */
  readonly rest: string;
}

function walk(example: string): Line[] {
  const parents: string[] = [];
  return example.split('\n').flatMap((text, line) => {
    const { indent = '', key = '', value = '', rest = '' } = LINE.exec(text)?.groups ?? {};
    if (key === '') return [];
    parents.splice(indent.length / 2, parents.length, key);
    return [{ line, key: parents.join('.'), head: `${indent}${key}:`, value, rest }];
  });
}
