/** What one zone needs, https://docs.cloud.google.com/dns/docs/reference/v1 (each method, verified 2026-11). */
export const PERMISSIONS = [
  'dns.changes.create',
  'dns.changes.get',
  'dns.managedZones.get',
  'dns.resourceRecordSets.create',
  'dns.resourceRecordSets.delete',
  'dns.resourceRecordSets.get',
  'dns.resourceRecordSets.list',
  'dns.resourceRecordSets.update',
] as const;

/** Cloud DNS limits rights to a zone, and not further: neither to names nor to types. */
export function leastRights(): string {
  return (
    'A custom role with these permissions, bound on the zone alone (the setting `zone` then has to name it):\n' +
    `  gcloud iam roles create delegated --project=PROJECT --permissions=${PERMISSIONS.join(',')}\n` +
    '  gcloud dns managed-zones get-iam-policy ZONE --format=json > policy.json\n' +
    '  (add a binding of projects/PROJECT/roles/delegated to the service account)\n' +
    '  gcloud dns managed-zones set-iam-policy ZONE --policy-file=policy.json\n' +
    'Without the setting `zone`: dns.managedZones.list on the project as well.'
  );
}
