/** Ten years of one installation under a seed: the real verbs, a world in memory, and everything that goes wrong in it. */
import { certificateSight } from '../../src/certificate-sight.ts';
import type { Clock, Ctx, Ports } from '../../src/ports.ts';
import type { Report } from '../../src/report.ts';
import { answer } from '../support/fake-dns.ts';
import {
  CHALLENGE,
  RESOLVER,
  type World,
  certificate,
  config,
  createWorld,
  site,
} from '../support/fake-ports.ts';
import { createAuthority, reserveOf } from './authority.ts';
import { createWorldClock } from './clock.ts';
import { DAY, HOUR, createDisasters } from './disasters.ts';
import { createFaults } from './faults.ts';
import { createChronicle } from './chronicle.ts';
import { type Tally, createInvariants } from './invariants.ts';
import { type Machine, type MachineOptions, createCronMachine, createDaemonMachine } from './machine.ts';
import { createNeighbour } from './neighbour.ts';
import { type Fate, type Process, openProcess } from './process.ts';
import { type Random, createRandom } from './random.ts';

export interface Simulation {
  readonly seed: number;
  readonly lifetimeMs: number;
  readonly spanMs: number;
  /** Takes the looks of a calm time as well, which find nothing to do. */
  readonly everyLook?: boolean;
  /** Breaks the product, to see that it is found out. */
  readonly sabotage?: (ports: Ports, world: World) => Ports;
}

export interface Ending extends Tally {
  readonly machine: string;
  readonly looks: number;
  readonly deaths: number;
  /** What is not as it has to be; null when all is well. */
  readonly failure: Error | null;
  readonly history: readonly string[];
}

const START = new Date('2026-11-25T00:00:00Z');
/** Long enough for whatever the last disaster has left to be made well. */
const EPILOGUE_MS = 3 * DAY;
const YEAR = 365.25 * DAY;
const SITE = site({ certificate: certificate() });
const CONFIG = config(SITE);
const LINEAGE = SITE.serverName.text;
const DEATH_CHANCE = 0.05;
const DEATH_CHANCE_IN_AN_ORDER = 0.3;
const MOST_CALLS = 120;

export async function simulate({
  seed,
  lifetimeMs,
  spanMs,
  everyLook = false,
  sabotage = (ports) => ports,
}: Simulation): Promise<Ending> {
  const random = createRandom(seed * 1_000_003 + Math.round(lifetimeMs / HOUR));
  const clock = createWorldClock(START);
  const world = openWorld(clock, random);
  const suggests = random.chance(0.7);
  const askAgainMs = random.pick([6 * HOUR, DAY, DAY]);
  const tlsNeedsTime = random.chance(0.5);
  world.ca.listsOrders = random.chance(0.3);
  world.ca.isSlow = random.chance(0.5);
  const authority = createAuthority(world, { clock, lifetimeMs, suggests, askAgainMs });
  const disasters = createDisasters(clock, random, spanMs);
  const neighbour = createNeighbour(world, random);
  const chronicle = createChronicle(world, clock, disasters);
  const wallClock = clock.open().clock;
  let lastDeath = 0;
  let deaths = 0;
  let looks = 0;
  let isOrdering = false;

  const isQuiet = (): boolean =>
    looks > 0 &&
    disasters.calmSince() !== null &&
    world.state.journals.size === 0 &&
    world.state.sites.get(LINEAGE)?.failures === 0;
  const fate = (): Fate | null =>
    (isOrdering || !isQuiet()) && random.chance(isOrdering ? DEATH_CHANCE_IN_AN_ORDER : DEATH_CHANCE)
      ? { call: Math.ceil(random.magnitude(1, MOST_CALLS)), when: random.pick(['before', 'after']) }
      : null;
  const open = (): Process =>
    openProcess({
      world,
      clock,
      faults: (own) => createFaults({ disasters, random, world: clock, clock: own, tlsNeedsTime }),
      fate,
      log: chronicle.log,
      sabotage: (ports) => sabotage(ports, world),
      onDeath() {
        deaths += 1;
        lastDeath = clock.elapsed();
        chronicle.note('the process died');
      },
    });
  const ctx = (): Ctx => ({
    signal: new AbortController().signal,
    log: chronicle.log,
    changeId: 'simulated',
  });
  const [kind, machine] = drawMachine(random, seed, {
    site: SITE,
    config: CONFIG,
    clock,
    open,
    ctx,
    nextChange: () => disasters.nextChange(),
  });
  chronicle.note(`${kind}, a CA that suggests ${suggests ? 'windows' : 'nothing'}`);
  const invariants = createInvariants({
    world,
    clock,
    disasters,
    authority,
    lifetimeMs,
    suggests,
    periodMs: machine.periodMs,
    everyMs: machine.everyMs,
    lastDeath: () => lastDeath,
    foreign: () => neighbour.records(),
  });
  const incidents = suggests ? moments(random, spanMs, 3 * YEAR) : [];

  const sight = () => certificateSight(SITE, CONFIG, { ...world.ports(), clock: wallClock }, machine.everyMs);

  /** The last look before anything can happen that is not like the one before it. */
  const nextMoment = async (report: Report | null): Promise<number> => {
    const next = machine.nextLook();
    if (everyLook || !isQuiet() || report?.ok !== true) return next;
    const { decision } = (await sight()) ?? {};
    const askAgainAt = world.state.sites.get(LINEAGE)?.renewalInfo?.askAgainAt;
    if (decision?.due !== false || askAgainAt === undefined) return next;
    const event = Math.min(
      decision.at.getTime() - machine.everyMs - START.getTime(),
      askAgainAt.getTime() - START.getTime(),
      disasters.nextChange(),
      spanMs,
    );
    return machine.lastLookBefore(event);
  };

  let failure: Error | null = null;
  let brewedFor = 0;
  try {
    while (clock.elapsed() < spanMs + EPILOGUE_MS) {
      invariants.before();
      chronicle.before();
      world.homeserver.deaf = disasters.on('homeserver-deaf') !== undefined;
      world.dns.interfere =
        disasters.on('ca-sees-nothing') === undefined
          ? undefined
          : ({ address }, { name, type }) =>
              address === RESOLVER.address && name === CHALLENGE && type === 'TXT'
                ? answer('SERVFAIL')
                : undefined;
      for (; (incidents[0] ?? Infinity) <= clock.elapsed(); incidents.shift()) {
        authority.shiftWindows();
        chronicle.note('the CA wants every certificate to be renewed now');
      }
      looks += 1;
      isOrdering = (await sight())?.decision.due === true;
      const report = await machine.look();
      chronicle.after(report);
      invariants.after(report);
      if (isOrdering || !isQuiet()) await neighbour.write();
      const versions = world.versions.get(LINEAGE) ?? [];
      const newest = versions.at(-1);
      if (newest !== undefined && versions.length > brewedFor) {
        brewedFor = versions.length;
        const [from, to] = [newest.facts.notBefore, newest.facts.notAfter].map((at) => +at - +START);
        if (from !== undefined && to !== undefined)
          disasters.brew({ from, to, due: to - reserveOf(lifetimeMs) });
      }
      clock.passTo(await nextMoment(report));
    }
    invariants.end(spanMs + EPILOGUE_MS);
  } catch (thrown) {
    failure = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  return { ...invariants.tally(), machine: kind, looks, deaths, failure, history: chronicle.lines() };
}

function openWorld(clock: ReturnType<typeof createWorldClock>, random: Random): World {
  const own = clock.open().clock;
  const caClock: Clock = { ...own, now: () => clock.trueNow() };
  const fakeClock = {
    ...own,
    advance: (ms: number) => clock.passTo(clock.elapsed() + ms),
    // Disasters set the clock of the machine; the CA says by its own how far that is off.
    set: () => undefined,
    aheadMs: 0,
  };
  let tokens = 0;
  const dice = {
    uniform: () => random.uniform(),
    token: (length: number) => `${(tokens += 1)}`.padStart(length, 'x'),
  };
  return createWorld({ clock: fakeClock, caClock, dice: () => dice });
}

function drawMachine(random: Random, seed: number, options: MachineOptions): [string, Machine] {
  const draw = random.uniform();
  if (draw < 0.5) return ['the daemon', createDaemonMachine(options)];
  if (draw < 0.8) return ['cron twice a day', createCronMachine(options, 12 * HOUR, seed)];
  return ['cron each hour', createCronMachine(options, HOUR, seed)];
}

function moments(random: Random, spanMs: number, apartMs: number): number[] {
  const found: number[] = [];
  for (let at = random.between(0, apartMs); at < spanMs; at += random.between(0, 2 * apartMs)) found.push(at);
  return found;
}
