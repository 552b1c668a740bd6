import { isIPv4 } from 'node:net';

/** `answer`; `ask over TCP`, which a victim of forged addresses will not do; or say nothing. */
export type Verdict = 'answer' | 'truncate' | 'drop';

export interface RateLimitOptions {
  /** Answers per second and network. */
  readonly perSecond: number;
  /** Answers at once, after a second's silence. */
  readonly burst: number;
  /** Networks that are remembered. */
  readonly networks: number;
}

interface Bucket {
  tokens: number;
  at: number;
  refused: number;
}

/**
 * Response rate limiting, so that the server is no good for hitting a third party from forged addresses: what goes to
 * one network (/24, /56) over UDP is limited, and every second answer beyond is an empty one that asks to come over
 * TCP, so that a resolver that is really there gets through.
 * @returns a function of the client's address and of the time in milliseconds
 */
export function createRateLimit(options: RateLimitOptions): (address: string, nowMs: number) => Verdict {
  const buckets = new Map<string, Bucket>();
  return (address, nowMs) => {
    const network = networkOf(address);
    // Forgetting all of them lets a burst pass, and costs no memory however many addresses are forged.
    if (buckets.size >= options.networks && !buckets.has(network)) buckets.clear();
    const bucket = buckets.get(network) ?? { tokens: options.burst, at: nowMs, refused: 0 };
    buckets.set(network, bucket);
    const earned = ((nowMs - bucket.at) / 1000) * options.perSecond;
    bucket.tokens = Math.min(options.burst, bucket.tokens + earned);
    bucket.at = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 'answer';
    }
    bucket.refused += 1;
    return bucket.refused % 2 === 1 ? 'truncate' : 'drop';
  };
}

function networkOf(address: string): string {
  if (isIPv4(address)) return address.slice(0, address.lastIndexOf('.'));
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const [front, back] = [groupsOf(head), groupsOf(tail ?? '')];
  const gap = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  const digits = [...front, ...gap, ...back].map((group) => group.padStart(4, '0')).join('');
  return digits.slice(0, IPV6_NETWORK_DIGITS);
}

const IPV6_NETWORK_DIGITS = 56 / 4;

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
