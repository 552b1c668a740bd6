/** The CA as far as its directory shows it, and what our own limits leave of orders and validations there. */
import type { Directory } from './acme/directory.ts';
import type { Applicant } from './doctor-caa.ts';
import type { AcmeConfig } from './config/config.ts';
import type { DomainName } from './dns/domain-name.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import type { Ctx, Ports } from './ports.ts';
import { mayFail, mayOrder } from './schedule/ledger.ts';
import type { LedgerEntry } from './schedule/state.ts';

export interface CaSight {
  /** Null when the directory could not be read. */
  readonly applicant: Applicant | null;
  readonly findings: readonly Condition[];
}

/** Milliseconds. TSIG (RFC 8945 §5.2.3) and most signed APIs take 5 minutes; TLS takes what the certificates take. */
const WRONG_MS = 300_000;
const DRIFT_MS = 30_000;

export async function examineCa(
  acme: AcmeConfig,
  account: string | null,
  ports: Pick<Ports, 'acme'>,
  ctx: Ctx,
): Promise<CaSight> {
  const { directoryUrl } = acme;
  try {
    const directory = await (await ports.acme(directoryUrl)).directory(ctx);
    return {
      applicant: { directoryUrl, directory, account },
      findings: [
        ...clockFindings(directory),
        ...(lacksBinding(acme, directory, account) ? [unboundFinding(directoryUrl)] : []),
      ],
    };
  } catch (thrown) {
    const { code, message, hint } = asDelegatedError(thrown);
    if (code === 'E_ABORTED' || code === 'E_BUG') throw thrown;
    const fix = hint ?? 'is the URL right, and does a firewall let this machine reach it?';
    const found = condition('CA_UNREACHABLE', `the directory ${directoryUrl} cannot be read`, fix, [
      `${code}: ${message}`,
    ]);
    return { applicant: null, findings: [found] };
  }
}

/** The CA makes accounts only for its customers (RFC 8555 §7.3.4), and could not tell that we are one. */
export function lacksBinding({ eab }: AcmeConfig, directory: Directory, account: string | null): boolean {
  return directory.externalAccountRequired && account === null && eab === undefined;
}

function unboundFinding(directoryUrl: string): Condition {
  return condition(
    'EAB_MISSING',
    `${new URL(directoryUrl).host} makes accounts only for its customers, and we have none there yet`,
    'get a key id and an HMAC key from its web site and set `acme.eab`',
  );
}

function clockFindings({ clockAheadMs = 0 }: { readonly clockAheadMs?: number }): Condition[] {
  const off = Math.abs(clockAheadMs);
  if (off < DRIFT_MS) return [];
  const seconds = Math.round(off / 1_000);
  const direction = clockAheadMs > 0 ? 'ahead of' : 'behind';
  return [
    condition(
      off < WRONG_MS ? 'CLOCK_DRIFTS' : 'CLOCK_WRONG',
      `our clock is ${seconds} s ${direction} that of the CA`,
      'set it by NTP (timedatectl set-ntp true): signed requests to DNS providers are refused by 300 s, and renewals come too late or too early',
    ),
  ];
}

/** @param now by the clock of the CA, as the entries are */
export function examineLedger(
  entries: readonly LedgerEntry[],
  names: readonly DomainName[],
  ca: string,
  now: Date,
): Condition[] {
  const whose = names.map(relativeToRoot).join(', ');
  const next = mayOrder(entries, { ca, names, now });
  if (!next.allowed)
    return [
      condition(
        'LEDGER_SPENT',
        `no order is left for ${whose}: the next one is allowed at ${next.retryAt.toISOString()}`,
        'repair what failed the earlier orders first (`delegated status`); `renew --force` goes past this limit',
      ),
    ];
  const look = mayFail(entries, { ca, names, now });
  if (!look.allowed)
    return [
      condition(
        'LEDGER_FAILED',
        `${relativeToRoot(look.name)} failed at the CA too often within an hour: it may look again at ${look.retryAt.toISOString()}`,
        'repair what keeps the CA from validating it first (`delegated status`); `renew --force` goes past this limit',
      ),
    ];
  const after = mayOrder([...entries, { at: now, ca, names }], { ca, names, now });
  if (after.allowed) return [];
  return [
    condition(
      'LEDGER_LOW',
      `one order is left for ${whose} until ${after.retryAt.toISOString()}`,
      'nothing, if the last one was made as it should be; else repair that first',
    ),
  ];
}
