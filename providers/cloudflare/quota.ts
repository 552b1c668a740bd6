/**
 * `Ratelimit: "default";r=0;t=30`: what is left of each quota, and seconds until it is whole again
 * (https://developers.cloudflare.com/fundamentals/api/reference/limits/, 2026-11). Who asks on regardless is shut out
 * for five minutes.
 * @returns when the last quota that is used up is whole again; null when there is something left of all
 */
export function quotaEnd(headers: Headers, now: Date): Date | null {
  const waits = (headers.get('ratelimit') ?? '').split(',').flatMap((item) => {
    const left = /;\s*r=(\d+)/.exec(item)?.[1];
    const seconds = /;\s*t=(\d+)/.exec(item)?.[1];
    return left === undefined || seconds === undefined || Number(left) > 0 ? [] : [Number(seconds)];
  });
  return waits.length === 0
    ? null
    : new Date(now.getTime() + Math.min(Math.max(...waits), LONGEST_S) * 1_000);
}

/** The longest window that Cloudflare has. */
const LONGEST_S = 300;
