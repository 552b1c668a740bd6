/** Takes every known secret out of a text before anybody can read it. */
export interface Redactor {
  /** Values shorter than six characters are not secrets worth the harm of replacing them everywhere. */
  register(secret: string): void;
  redact(text: string): string;
}

const MIN_LENGTH = 6;
const MARK = '[redacted]';
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/**
 * By value, because a secret that was read once may turn up anywhere: in a vendor's error, in a URL, in a stack. The
 * forms that code gives a value on its way (base64, URL and JSON escapes) are known as well.
 */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let sorted: readonly string[] = [];
  return {
    register(secret) {
      if (secret.length < MIN_LENGTH) return;
      for (const form of formsOf(secret)) forms.add(form);
      // The longest first: a secret may hold another one.
      sorted = [...forms].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let clean = text.includes('PRIVATE KEY') ? text.replace(PRIVATE_KEY, MARK) : text;
      for (const form of sorted) if (clean.includes(form)) clean = clean.replaceAll(form, MARK);
      return clean;
    },
  };
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ].filter((form) => form.length >= MIN_LENGTH);
}
