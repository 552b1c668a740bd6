/** Verb: tells people what they have to know of a run, once, by whatever the config names for that. */
import { type Urgency } from './certificate/urgency.ts';
import { asDelegatedError } from './errors.ts';
import type { Ctx, Notice, Notifier, Ports, SiteNotice } from './ports.ts';
import type { Report, SiteReport } from './report.ts';
import { type Level, isNews, levelOf } from './schedule/alarm.ts';
import type { SiteState } from './schedule/state.ts';

/** A message of a thousand lines is read by nobody. */
const MOST_LINES = 20;

interface News {
  readonly site: SiteReport;
  readonly level: Level;
  readonly state: SiteState;
  readonly notice: SiteNotice;
  /** Only a page is passed on: what was told of the site before is not told again by that. */
  readonly isAside?: true;
}

/** Never throws: that nobody could be told is in the log, and is tried again at the next run. */
export async function announce(
  { sites }: Report,
  notifier: Notifier,
  ports: Pick<Ports, 'clock' | 'state'>,
  ctx: Ctx,
): Promise<void> {
  try {
    const found: News[] = [];
    for (const site of sites)
      found.push(
        ...(await newsOf(site, ports).catch((thrown: unknown): News[] => {
          const { message: reason } = asDelegatedError(thrown);
          ctx.log.warn('cannot tell whether there is news of a site', { site: site.serverName, reason });
          return [];
        })),
      );
    if (found.length === 0) return;
    const results = await notifier.send(noticeOf(found, ports.clock.now()), ctx);
    for (const { channel, error } of results)
      if (error !== null)
        ctx.log.warn(`a notification could not be sent by ${channel}`, {
          reason: error.message,
          hint: error.hint,
        });
    // With one channel out of order, what came through the other must not come again and again.
    if (results.every(({ error }) => error !== null)) return;
    for (const news of found) await note(news, ports);
  } catch (thrown) {
    ctx.log.warn('nobody could be notified', { reason: asDelegatedError(thrown).message });
  }
}

async function newsOf(site: SiteReport, { clock, state }: Pick<Ports, 'clock' | 'state'>): Promise<News[]> {
  const now = clock.now();
  const known = await state.readSite(site.serverName);
  const urgency: Urgency = site.expired === true ? 'expired' : (site.certificate?.urgency ?? 'none');
  const { failingSince, retryAt, told } = known;
  const level = levelOf({ fails: !site.ok, urgency, failingSince, retryAt, now });
  const url = known.renewalInfo?.window?.explanationUrl;
  const explains = url !== undefined && url !== known.toldUrl;
  if (level !== null && isNews(level, told, now))
    return [
      { site, level, state: known, notice: siteNotice(site, level, known, explains ? url : undefined) },
    ];
  // It will be said with how the site is, which is not known yet.
  if (!explains || level === null) return [];
  return [{ site, level, state: known, notice: siteNotice(site, level, known, url), isAside: true }];
}

function siteNotice(
  { serverName, errors, certificate }: SiteReport,
  level: Level,
  { failingSince }: SiteState,
  url: string | undefined,
): SiteNotice {
  const [error] = errors;
  return {
    serverName,
    level,
    ...(certificate?.notAfter == null ? {} : { notAfter: certificate.notAfter }),
    ...(level === 'well' || failingSince === undefined ? {} : { failingSince: failingSince.toISOString() }),
    ...(level === 'well' || error === undefined ? {} : { error }),
    ...(url === undefined ? {} : { explanationUrl: url }),
  };
}

function noticeOf(news: readonly News[], at: Date): Notice {
  const lines = news.map(({ notice }) => lineOf(notice));
  const more = lines.length - MOST_LINES;
  const shown = more > 0 ? [...lines.slice(0, MOST_LINES), `… and ${more} more sites`] : lines;
  return {
    version: 1,
    at: at.toISOString(),
    text: shown.join('\n'),
    sites: news.map(({ notice }) => notice),
  };
}

const WORDS: Readonly<Record<Level, string>> = {
  well: 'all is well',
  failing: 'runs fail',
  late: 'less than a sixth of the lifetime of the certificate is left',
  urgent: 'less than a twentieth of the lifetime of the certificate is left',
  broken: 'the live certificate has expired',
};

function lineOf({ serverName, level, notAfter, failingSince, error, explanationUrl }: SiteNotice): string {
  const parts = [
    `${serverName}: ${WORDS[level]}`,
    ...(notAfter === undefined ? [] : [`valid until ${notAfter}`]),
    ...(failingSince === undefined ? [] : [`failing since ${failingSince}`]),
    ...(error === undefined ? [] : [`${error.code}: ${error.message}`]),
    ...(error?.hint === undefined ? [] : [`→ ${error.hint}`]),
    ...(explanationUrl === undefined ? [] : [`the CA explains when to renew at ${explanationUrl}`]),
  ];
  return parts.join('; ');
}

async function note(
  { site, state: known, level, notice, isAside }: News,
  { clock, state }: Pick<Ports, 'clock' | 'state'>,
): Promise<void> {
  const { told, toldUrl, ...rest } = known;
  const { explanationUrl = toldUrl } = notice;
  const at = isAside === true && told !== undefined ? told.at : clock.now();
  await state.writeSite(site.serverName, {
    ...rest,
    ...(level === 'well' ? {} : { told: { level, at } }),
    ...(explanationUrl === undefined ? {} : { toldUrl: explanationUrl }),
  });
}
