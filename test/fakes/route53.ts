/**
 * Plays Amazon Route 53, API version 2013-04-01, after https://docs.aws.amazon.com/Route53/latest/APIReference/
 * (2026-11): signatures, hosted zones and their private twins, pages, change batches, changes that are pending at first.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import {
  type FakeChange,
  type FakeRRset,
  type FakeZone,
  changeZone,
  inOrder,
  reversed,
  sortKey,
} from './route53-zone.ts';
import { signatureOf } from './sigv4.ts';

export interface FakeRoute53 {
  readonly url: string;
  readonly zones: FakeZone[];
  /** Requests are signed for the host that they are sent to: a relay's is made known here. */
  trustHost(host: string): void;
  /** Asked before anything is looked at; null lets it pass. */
  trouble: (method: string, path: string) => FakeTrouble | null;
  /** How often a change is PENDING when it is asked for. */
  pendingLooks: number;
  stop(): Promise<void>;
}

export interface FakeTrouble {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface FakeOptions {
  readonly keys: readonly { readonly id: string; readonly secret: string; readonly sessionToken?: string }[];
  readonly zones: readonly Omit<FakeZone, 'rrsets'>[];
}

const SKEW_MS = 15 * 60_000;
const NS = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

export async function startFakeRoute53({ keys, zones: named }: FakeOptions): Promise<FakeRoute53> {
  const zones: FakeZone[] = named.map((zone) => ({ ...zone, rrsets: [nsOf(zone.name)] }));
  const looks = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const hosts = [`127.0.0.1:${address.port}`];
  const fake: FakeRoute53 = {
    url: `http://${hosts[0] ?? ''}`,
    zones,
    trustHost: (host) => hosts.push(host),
    trouble: () => null,
    pendingLooks: 1,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return fake;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', fake.url);
    try {
      const trouble = fake.trouble(request.method ?? '', url.pathname) ?? untrusted(request, body);
      if (trouble !== null) throw refusal(trouble.status, trouble.code, trouble.message);
      send(response, 200, route(request.method ?? '', url, body.toString()));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      send(response, error.status, error.xml);
    }
  }

  function untrusted(request: IncomingMessage, body: Buffer): FakeTrouble | null {
    const signature = signatureOf(request, body);
    if (signature === null)
      return { status: 403, code: 'MissingAuthenticationToken', message: 'Missing Authentication Token' };
    const key = keys.find(({ id }) => id === signature.accessKeyId);
    if (key === undefined || request.headers['x-amz-security-token'] !== key.sessionToken)
      return {
        status: 403,
        code: 'InvalidClientTokenId',
        message: 'The security token included in the request is invalid.',
      };
    const sent = Date.parse(signature.date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    if (!(Math.abs(Date.now() - sent) < SKEW_MS))
      return {
        status: 403,
        code: 'SignatureDoesNotMatch',
        message: `Signature expired: ${signature.date} is now earlier than a quarter of an hour ago`,
      };
    return signature.madeWith(key.secret, hosts)
      ? null
      : {
          status: 403,
          code: 'SignatureDoesNotMatch',
          message: `The request signature we calculated does not match the signature you provided. The Canonical String had x-amz-security-token:${key.sessionToken ?? ''}`,
        };
  }

  function route(method: string, url: URL, body: string): string {
    const query = url.searchParams;
    if (method === 'GET' && url.pathname === '/2013-04-01/hostedzonesbyname') return zonePage(query);
    const [, id = '', records] = /^\/2013-04-01\/hostedzone\/([^/]+)(\/rrset\/?)?$/.exec(url.pathname) ?? [];
    if (id !== '') {
      const zone = zones.find((each) => each.id === id);
      if (zone === undefined) throw refusal(404, 'NoSuchHostedZone', `No hosted zone found with ID: ${id}`);
      if (method === 'GET' && records === undefined)
        return `<GetHostedZoneResponse ${NS}>${zoneXml(zone)}</GetHostedZoneResponse>`;
      if (method === 'GET') return recordPage(zone, query);
      if (method === 'POST' && records !== undefined) return change(zone, body);
    }
    const [, changeId] = /^\/2013-04-01\/change\/(C\d+)$/.exec(url.pathname) ?? [];
    const left = changeId === undefined ? undefined : looks.get(changeId);
    if (changeId === undefined || left === undefined)
      throw refusal(404, 'NoSuchChange', `Could not find resource with ID: ${changeId ?? ''}`);
    looks.set(changeId, left - 1);
    return `<GetChangeResponse ${NS}>${changeXml(changeId, left > 0)}</GetChangeResponse>`;
  }

  function change(zone: FakeZone, body: string): string {
    const complaints = changeZone(zone, readBatch(body));
    if (complaints.length > 0)
      throw new Refusal(
        400,
        `<InvalidChangeBatch ${NS}><Messages>${complaints.map((each) => `<Message>${xml(each)}</Message>`).join('')}</Messages><RequestId>r</RequestId></InvalidChangeBatch>`,
      );
    const id = `C${looks.size + 1}`;
    looks.set(id, fake.pendingLooks);
    return `<ChangeResourceRecordSetsResponse ${NS}>${changeXml(id, true)}</ChangeResourceRecordSetsResponse>`;
  }

  function zonePage(query: URLSearchParams): string {
    const most = maxItems(query, 100);
    const from = zoneSortKey({
      name: apiName(query.get('dnsname') ?? ''),
      id: query.get('hostedzoneid') ?? '',
    });
    const sorted = [...zones].sort((a, b) => (zoneSortKey(a) < zoneSortKey(b) ? -1 : 1));
    const rest = query.has('dnsname') ? sorted.filter((zone) => zoneSortKey(zone) >= from) : sorted;
    const next = rest[most];
    return (
      `<ListHostedZonesByNameResponse ${NS}><HostedZones>${rest.slice(0, most).map(zoneXml).join('')}</HostedZones>` +
      `<IsTruncated>${next !== undefined}</IsTruncated>` +
      (next === undefined
        ? ''
        : `<NextDNSName>${next.name}</NextDNSName><NextHostedZoneId>${next.id}</NextHostedZoneId>`) +
      `<MaxItems>${most}</MaxItems></ListHostedZonesByNameResponse>`
    );
  }
}

class Refusal extends Error {
  readonly status: number;
  readonly xml: string;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
    this.xml = text;
  }
}

function refusal(status: number, code: string, message: string): Refusal {
  return new Refusal(
    status,
    `<ErrorResponse ${NS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${xml(message)}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  );
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>\n${text}`);
}

function nsOf(name: string): FakeRRset {
  return { name, type: 'NS', ttl: 172_800, values: ['ns-1.awsdns-00.com.', 'ns-2.awsdns-00.org.'] };
}

function recordPage(zone: FakeZone, query: URLSearchParams): string {
  const most = maxItems(query, 300);
  const [name, type] = [query.get('name'), query.get('type') ?? ''];
  if (name === null && type !== '')
    throw refusal(400, 'InvalidInput', 'The request contains a type but no name');
  const identifier = query.get('identifier') ?? '';
  const from = sortKey({ name: apiName(name ?? ''), type, setIdentifier: identifier });
  const rest = inOrder(zone.rrsets).filter((each) => name === null || sortKey(each) >= from);
  const next = rest[most];
  const position =
    next === undefined
      ? ''
      : `<NextRecordName>${xml(escapedName(next.name))}</NextRecordName><NextRecordType>${next.type}</NextRecordType>` +
        (next.setIdentifier === undefined
          ? ''
          : `<NextRecordIdentifier>${xml(next.setIdentifier)}</NextRecordIdentifier>`);
  return `<ListResourceRecordSetsResponse ${NS}><ResourceRecordSets>${rest.slice(0, most).map(rrsetXml).join('')}</ResourceRecordSets><IsTruncated>${next !== undefined}</IsTruncated>${position}<MaxItems>${most}</MaxItems></ListResourceRecordSetsResponse>`;
}

function zoneSortKey({ name, id }: Pick<FakeZone, 'name' | 'id'>): string {
  return `${reversed(name)}\u0000${id}`;
}

function maxItems(query: URLSearchParams, most: number): number {
  const asked = Number(query.get('maxitems') ?? most);
  if (!(asked >= 1)) throw refusal(400, 'InvalidInput', 'maxitems is not valid');
  return Math.min(asked, most);
}

function rrsetXml({ name, type, ttl, values, setIdentifier, aliasTarget }: FakeRRset): string {
  const set =
    setIdentifier === undefined
      ? ''
      : `<SetIdentifier>${xml(setIdentifier)}</SetIdentifier><Weight>1</Weight>`;
  const records =
    aliasTarget === undefined
      ? `<TTL>${ttl}</TTL><ResourceRecords>${values.map((value) => `<ResourceRecord><Value>${xml(value)}</Value></ResourceRecord>`).join('')}</ResourceRecords>`
      : `<AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>${aliasTarget}</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>`;
  return `<ResourceRecordSet><Name>${xml(escapedName(name))}</Name><Type>${type}</Type>${set}${records}</ResourceRecordSet>`;
}

function zoneXml({ id, name, private: hidden, rrsets }: FakeZone): string {
  return `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><CallerReference>c</CallerReference><Config><PrivateZone>${hidden}</PrivateZone></Config><ResourceRecordSetCount>${rrsets.length}</ResourceRecordSetCount></HostedZone>`;
}

function changeXml(id: string, pending: boolean): string {
  return `<ChangeInfo><Id>/change/${id}</Id><Status>${pending ? 'PENDING' : 'INSYNC'}</Status><SubmittedAt>2026-11-25T12:00:00Z</SubmittedAt></ChangeInfo>`;
}

/** Element by element, in the order of the schema; anything else is malformed. */
function readBatch(body: string): FakeChange[] {
  const malformed = refusal(400, 'MalformedInput', 'Unexpected element or missing element in the request');
  const head = String.raw`^(?:<\?xml[^>]*\?>)?<ChangeResourceRecordSetsRequest xmlns="https://route53\.amazonaws\.com/doc/2013-04-01/"><ChangeBatch>(?:<Comment>[^<]{0,256}</Comment>)?<Changes>((?:<Change>.*?</Change>)+)</Changes>(?:<Comment>[^<]{0,256}</Comment>)?</ChangeBatch></ChangeResourceRecordSetsRequest>$`;
  const [, list] = new RegExp(head, 's').exec(body) ?? [];
  if (list === undefined) throw malformed;
  return (list.match(/<Change>.*?<\/Change>/gs) ?? []).map((text) => {
    const shape =
      /^<Change><Action>(CREATE|DELETE|UPSERT)<\/Action><ResourceRecordSet><Name>([^<]+)<\/Name><Type>([A-Z]+)<\/Type><TTL>(\d+)<\/TTL><ResourceRecords>((?:<ResourceRecord><Value>[^<]*<\/Value><\/ResourceRecord>)+)<\/ResourceRecords><\/ResourceRecordSet><\/Change>$/s;
    const [, action, name, type, ttl, records] = shape.exec(text) ?? [];
    if (action === undefined || name === undefined || type === undefined || records === undefined)
      throw malformed;
    if (Number(ttl) > 2_147_483_647) throw refusal(400, 'InvalidInput', 'Invalid TTL');
    const values = [...records.matchAll(/<Value>([^<]*)<\/Value>/g)].map(([, value = '']) => fromXml(value));
    return { action, rrset: { name: apiName(fromXml(name)), type, ttl: Number(ttl), values } };
  });
}

/** Any case, with or without the last dot, escaped or not. */
function apiName(text: string): string {
  const plain = text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return plain.toLowerCase().replace(/\.?$/, '.');
}

function escapedName(name: string): string {
  return name.replace(/[^a-z0-9_.-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function xml(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function fromXml(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) =>
      name === undefined
        ? String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
        : (ENTITIES[name] ?? whole),
  );
}
