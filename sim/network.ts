import type { Clock } from "../src/base/clock.ts";
import { EbbError } from "../src/base/errors.ts";
import type { Random } from "../src/base/random.ts";
import type { Address, Conn, ConnHandler, Listener, Network } from "../src/http/conn.ts";

/** How bytes travel, and what goes wrong; every member may be changed while the simulation runs. */
export interface LinkFaults {
  /** One way; a number, or [least, most] chosen anew for each segment. Order is kept. */
  delayMs: number | readonly [number, number];
  /** Longest segment that one write arrives in; shorter ones are chosen at random. */
  segmentBytesMax: number;
  /** Connects fail at once with ECONNREFUSED. */
  refuse: boolean;
  /** Nothing arrives: connects run into their time-out, open connections stand still. */
  blackHole: boolean;
  /** Chance that a segment resets its connection instead of arriving. */
  resetChance: number;
  /** Bytes in flight in one direction before `write` returns false. */
  windowBytes: number;
}

const CALM: LinkFaults = {
  delayMs: 0.05,
  segmentBytesMax: 65_536,
  refuse: false,
  blackHole: false,
  resetChance: 0,
  windowBytes: 65_536,
};

/** A system error as node:net gives it: `code` is the system's. */
export class SimSocketError extends EbbError {}

/** The process whose sockets these are: what arrives for it is worked on when it has the time. */
export interface SocketOwner {
  run(task: () => void): void;
  spend(ms: number): void;
}

/** Milliseconds of a process that one arrival and one connection take. */
const ARRIVAL_MS = 0.02;
const CONNECTION_MS = 0.05;

/** TCP in virtual time: one seed, one run. Every address is reachable from every other. */
export class SimNetwork implements Network {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listeners = new Map<string, (conn: Conn) => void>();
  readonly #faults = new Map<string, Partial<LinkFaults>>();
  readonly #ends = new Set<SimConn>();
  /** Sockets on their way from process to process: connections wait in them until somebody listens again. */
  readonly #passing = new Map<string, (() => void)[]>();
  #nextPort = 40_000;
  /** Holds for every address that has no value of its own. */
  readonly everywhere: LinkFaults = { ...CALM };

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Faults of the links to a listening address; replaces those given before, {} heals. */
  setFaults(address: Address, faults: Partial<LinkFaults>): void {
    this.#faults.set(keyOf(address), faults);
  }

  /** Resets every open connection to a listening address, as when its process is killed. */
  cut(address: Address): void {
    const key = keyOf(address);
    for (const end of [...this.#ends]) if (end.accepted && end.listening === key) end.reset();
  }

  /** The socket of that address passes to the next who listens there. */
  pass(address: Address): void {
    const key = keyOf(address);
    if (!this.#passing.has(key)) this.#passing.set(key, []);
  }

  /** Nobody is left who would listen on a socket that is on its way. */
  dropPassing(): void {
    for (const waiting of this.#passing.values()) for (const refuse of waiting.splice(0)) refuse();
    this.#passing.clear();
  }

  /** Ends of connections that are not over: 0 when nothing leaks. */
  get openEnds(): number {
    return this.#ends.size;
  }

  /** The same network as a process has it: its work on what arrives is charged to it. */
  of(owner: SocketOwner): Network {
    const accept = (onConn: (conn: Conn) => void) => (conn: Conn) => {
      (conn as SimConn).belongsTo(owner);
      owner.run(() => {
        owner.spend(CONNECTION_MS);
        onConn(conn);
      });
    };
    return {
      listen: (address, onConn) => this.listen(address, accept(onConn)),
      connect: async (address, options) => {
        owner.spend(CONNECTION_MS);
        const conn = (await this.connect(address, options)) as SimConn;
        conn.belongsTo(owner);
        return conn;
      },
    };
  }

  async listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener> {
    const bound = address.port === 0 ? { ip: address.ip, port: this.#nextPort++ } : address;
    const key = keyOf(bound);
    const waiting = this.#passing.get(key);
    if (this.#listeners.has(key) && !waiting)
      throw new SimSocketError("EADDRINUSE", `cannot listen on ${key}: in use`);
    this.#listeners.set(key, onConn);
    this.#passing.delete(key);
    for (const accept of waiting ?? []) accept();
    return {
      address: bound,
      close: async () => {
        if (this.#listeners.get(key) === onConn) this.#listeners.delete(key);
      },
    };
  }

  connect(address: Address, options: { timeoutMs: number }): Promise<Conn> {
    return this.connectFrom("127.0.0.1", address, options);
  }

  /** As `connect`, from a source address of one's own. */
  connectFrom(sourceIp: string, address: Address, options: { timeoutMs: number }): Promise<Conn> {
    const key = keyOf(address);
    const { promise, resolve, reject } = Promise.withResolvers<Conn>();
    const timeout = this.#clock.schedule(options.timeoutMs, () => {
      reject(new SimSocketError("ETIMEDOUT", `connect ${key}: no answer within ${options.timeoutMs} ms`));
    });
    const settle = (act: () => void) => {
      timeout.cancel();
      act();
    };
    if (this.fault(key, "blackHole")) return promise;
    const tripMs = 2 * this.delayOf(key);
    // The later of trip and time-out must lose, so the trip is dropped when it cannot win.
    if (tripMs >= options.timeoutMs) return promise;
    const arrive = () =>
      settle(() => {
        const onConn = this.#listeners.get(key);
        if (!onConn || this.fault(key, "refuse")) {
          reject(new SimSocketError("ECONNREFUSED", `connect ${key}: refused`));
          return;
        }
        const [client, server] = this.#pair(sourceIp, key, address);
        onConn(server);
        resolve(client);
      });
    this.#clock.schedule(tripMs, () => {
      const waiting = this.#listeners.has(key) ? undefined : this.#passing.get(key);
      if (waiting) waiting.push(arrive);
      else arrive();
    });
    return promise;
  }

  fault<Name extends keyof LinkFaults>(key: string, name: Name): LinkFaults[Name] {
    return (this.#faults.get(key)?.[name] ?? this.everywhere[name]) as LinkFaults[Name];
  }

  delayOf(key: string): number {
    const delay = this.fault(key, "delayMs");
    if (typeof delay === "number") return delay;
    return delay[0] + this.#random.next() * (delay[1] - delay[0]);
  }

  #pair(sourceIp: string, key: string, address: Address): [SimConn, SimConn] {
    const world: ConnWorld = {
      clock: this.#clock,
      random: this.#random,
      network: this,
      forget: (end) => this.#ends.delete(end),
    };
    const client = new SimConn(world, key, {
      localAddress: sourceIp,
      remoteAddress: address.ip,
      accepted: false,
    });
    const server = new SimConn(world, key, {
      localAddress: address.ip,
      remoteAddress: sourceIp,
      accepted: true,
    });
    client.join(server);
    server.join(client);
    this.#ends.add(client).add(server);
    return [client, server];
  }
}

function keyOf(address: Address): string {
  return `${address.ip}:${address.port}`;
}

interface ConnWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: SimNetwork;
  forget(end: SimConn): void;
}

interface ConnEnds {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly accepted: boolean;
}

type Arrival = { kind: "data"; chunk: Uint8Array } | { kind: "end" } | { kind: "closed"; error?: Error };

/** One end of a simulated connection. */
class SimConn implements Conn {
  readonly listening: string;
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** The listener's end. */
  readonly accepted: boolean;
  readonly #world: ConnWorld;
  #peer: SimConn | undefined;
  #handler: ConnHandler | undefined;
  readonly #arrivals: Arrival[] = [];
  #delivering = false;
  #paused = false;
  #over = false;
  #endSent = false;
  #endSeen = false;
  #inFlightBytes = 0;
  #wantsDrain = false;
  #lastArrivalMs = 0;
  #owner: SocketOwner | undefined;
  #isDue = false;
  readonly #onTheWay: (Arrival | "lost")[] = [];

  constructor(world: ConnWorld, listening: string, ends: ConnEnds) {
    this.#world = world;
    this.listening = listening;
    this.localAddress = ends.localAddress;
    this.remoteAddress = ends.remoteAddress;
    this.accepted = ends.accepted;
  }

  join(peer: SimConn): void {
    this.#peer = peer;
  }

  belongsTo(owner: SocketOwner): void {
    this.#owner = owner;
  }

  setHandler(handler: ConnHandler): void {
    this.#handler = handler;
    queueMicrotask(() => this.#deliver());
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over || this.#endSent || chunk.length === 0) return true;
    const segmentBytesMax = this.#fault("segmentBytesMax");
    for (let from = 0; from < chunk.length; ) {
      const most = Math.min(segmentBytesMax, chunk.length - from);
      const whole = most === chunk.length - from && segmentBytesMax >= CALM.segmentBytesMax;
      const size = whole ? most : 1 + Math.floor(this.#world.random.next() * most);
      this.#send({ kind: "data", chunk: Uint8Array.from(chunk.subarray(from, from + size)) });
      from += size;
    }
    this.#inFlightBytes += chunk.length;
    this.#wantsDrain ||= this.#inFlightBytes > this.#fault("windowBytes");
    return !this.#wantsDrain;
  }

  end(): void {
    if (this.#over || this.#endSent) return;
    this.#endSent = true;
    this.#send({ kind: "end" });
    queueMicrotask(() => this.#closeWhenBothEnded());
  }

  reset(): void {
    if (this.#over) return;
    this.#send({ kind: "closed", error: new SimSocketError("ECONNRESET", "read: connection reset by peer") });
    this.#finish();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    queueMicrotask(() => this.#deliver());
  }

  #fault<Name extends keyof LinkFaults>(name: Name): LinkFaults[Name] {
    return this.#world.network.fault(this.listening, name);
  }

  #send(arrival: Arrival): void {
    const { clock, random, network } = this.#world;
    const peer = this.#peer;
    if (!peer) return;
    const lost = arrival.kind === "data" && random.next() < this.#fault("resetChance");
    const arrivesMs = Math.max(this.#lastArrivalMs, clock.monotonic() + network.delayOf(this.listening));
    this.#lastArrivalMs = arrivesMs;
    // Timers of one moment run in any order; each delivers whatever was sent first.
    this.#onTheWay.push(lost ? "lost" : arrival);
    const arrive = () => {
      // A black hole keeps what is on its way; TCP would send it again once the hole is gone.
      if (this.#fault("blackHole")) clock.schedule(50, arrive);
      else this.#arriveNext(peer);
    };
    clock.schedule(arrivesMs - clock.monotonic(), arrive);
  }

  #arriveNext(peer: SimConn): void {
    const arrival = this.#onTheWay.shift();
    if (arrival === "lost") {
      this.reset();
      peer.#arrive({
        kind: "closed",
        error: new SimSocketError("ECONNRESET", "read: connection reset by peer"),
      });
    } else if (arrival) peer.#arrive(arrival);
  }

  #arrive(arrival: Arrival): void {
    if (this.#over) {
      if (arrival.kind === "data")
        this.#send({ kind: "closed", error: new SimSocketError("EPIPE", "write: broken pipe") });
      return;
    }
    // A reset throws away what was not read yet, as the kernel does.
    if (arrival.kind === "closed") this.#arrivals.length = 0;
    this.#arrivals.push(arrival);
    this.#deliver();
  }

  #deliver(): void {
    const owner = this.#owner;
    if (!owner) return this.#deliverAll();
    if (this.#isDue || this.#arrivals.length === 0 || !this.#handler) return;
    this.#isDue = true;
    owner.run(() => {
      this.#isDue = false;
      if (this.#arrivals.length > 0) owner.spend(ARRIVAL_MS);
      this.#deliverAll();
    });
  }

  #deliverAll(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#handler && !this.#paused && !this.#over) {
      const arrival = this.#arrivals.shift();
      if (!arrival) break;
      this.#deliverOne(this.#handler, arrival);
    }
    this.#delivering = false;
  }

  #deliverOne(handler: ConnHandler, arrival: Arrival): void {
    switch (arrival.kind) {
      case "data": {
        const size = arrival.chunk.length;
        handler.data(arrival.chunk);
        // The transport may reuse its buffer after the call: whoever kept it must see that.
        arrival.chunk.fill(0xee);
        if (this.#peer) this.#peer.#delivered(size);
        break;
      }
      case "end":
        this.#endSeen = true;
        handler.end();
        this.#closeWhenBothEnded();
        break;
      case "closed":
        this.#finish(arrival.error);
    }
  }

  #delivered(bytes: number): void {
    this.#inFlightBytes -= bytes;
    if (!this.#wantsDrain || this.#inFlightBytes > 0 || this.#over) return;
    this.#wantsDrain = false;
    queueMicrotask(() => {
      if (!this.#over) this.#handler?.drain();
    });
  }

  #closeWhenBothEnded(): void {
    if (this.#endSent && this.#endSeen && !this.#over) this.#finish();
  }

  #finish(error?: Error): void {
    this.#over = true;
    this.#arrivals.length = 0;
    this.#world.forget(this);
    queueMicrotask(() => this.#handler?.closed(error));
  }
}
