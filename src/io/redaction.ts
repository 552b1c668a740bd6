/** Takes every known secret out of a text before anybody can read it. */
export interface Redactor {
  /** Values shorter than six characters are not secrets worth the harm of replacing them everywhere. */
  register(secret: string): void;
  redact(text: string): string;
}

const MIN_LENGTH = 6;
/** Shorter lines of a long secret (a key file) are braces and common words. */
const MIN_LINE_LENGTH = 16;
const MARK = '[redacted]';
/** The second alternative is a key that was cut off. Between the lines may stand a line feed or its escape. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY-----|[A-Za-z0-9+/=\s\\]*)/g;

/**
 * By value, because a secret that was read once may turn up anywhere: in a vendor's error, in a URL, in a stack. The
 * forms that code gives a value on its way (base64, hex, URL and JSON escapes) are known as well.
 */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let pattern: RegExp | null = null;
  return {
    register(secret) {
      const lines = secret.split(/[\r\n]+/);
      const long =
        lines.length === 1
          ? []
          : lines.map((line) => line.trim()).filter((line) => line.length >= MIN_LINE_LENGTH);
      for (const value of [secret, ...long])
        if (value.length >= MIN_LENGTH) for (const form of formsOf(value)) forms.add(form);
      pattern = null;
    },
    redact(text) {
      const clean = text.includes('PRIVATE KEY') ? text.replace(PRIVATE_KEY, MARK) : text;
      if (forms.size === 0) return clean;
      pattern ??= patternOf(forms);
      return clean.replace(pattern, MARK);
    },
  };
}

/** In one pass, so that no mark is taken for a secret; the longest first, since a secret may hold another one. */
function patternOf(forms: ReadonlySet<string>): RegExp {
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const escaped = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  return [
    secret,
    escaped,
    // A JSON text inside a JSON text, such as a vendor's answer in a log line.
    JSON.stringify(escaped).slice(1, -1),
    encoded,
    encoded.replaceAll(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
    encoded.replaceAll('%20', '+'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...[0, 1, 2].flatMap((offset) => base64Core(bytes, offset)),
  ].filter((form) => form.length >= MIN_LENGTH);
}

/**
 * The characters that a secret gives to the base64 of a longer text (`user:password` of HTTP Basic), whatever stands
 * around it: those that come from its octets alone. Which they are depends on where it begins, modulo three.
 */
function base64Core(secret: Buffer, offset: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(offset), secret]);
  const from = Math.ceil((offset * 8) / 6);
  const to = Math.floor((whole.length * 8) / 6);
  return [whole.toString('base64').slice(from, to), whole.toString('base64url').slice(from, to)];
}
