/** Waits until every authoritative server serves the SRV records that were written, or their absence. */
import type { SiteConfig } from './config/config.ts';
import type { PlannedRecord } from './dns/plan.ts';
import { presentation, sameValues } from './dns/rrset.ts';
import type { NameServer } from './name-servers.ts';
import type { Ctx, DnsResponse, Ports } from './ports.ts';
import { awaitServed } from './propagation.ts';

/** @throws DelegatedError E_NOT_PROPAGATED after `timeoutMs` */
export async function awaitRecords(
  { serverName }: SiteConfig,
  written: readonly PlannedRecord[],
  servers: readonly NameServer[],
  timeoutMs: number,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  await Promise.all(
    written.map((step) =>
      awaitServed(
        {
          name: step.name,
          type: 'SRV',
          description: step.after === null ? '(deleted)' : presentation(step.after).join(', '),
          seen: (response) => holds(response, step),
        },
        servers,
        timeoutMs,
        {
          ...ports,
          waitingFor: (names) =>
            ports.progress(serverName.text, `waiting for ${names.join(', ')} to serve ${step.name} SRV`),
        },
        ctx,
      ),
    ),
  );
}

function holds(response: DnsResponse, { name, after }: PlannedRecord): boolean {
  const values = response.answers.flatMap((record) =>
    record.type === 'SRV' && record.name === name ? [record.data] : [],
  );
  if (after === null) return values.length === 0;
  return values.length > 0 && sameValues({ ...after, values }, after);
}
