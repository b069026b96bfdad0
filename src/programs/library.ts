import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timeline } from "../api/wire/hosting.ts";
import { systemClock as clock } from "../base/clock.ts";
import { systemRandom as random } from "../base/random.ts";
import { type Home, homeAt, prepareHome } from "../embedded/home/home.ts";
import { lockHome } from "../embedded/home/lock.ts";
import { toldOfHome } from "../embedded/home/unusable.ts";
import { LoopbackAddresses } from "../embedded/node/addresses.ts";
import { BlockLeases } from "../embedded/node/block-lease.ts";
import { ImageStore } from "../embedded/node/images/image-store.ts";
import { ProcessRuntime } from "../embedded/node/runtimes/process/process-runtime.ts";
import type { KubeClient } from "../kube/client.ts";
import { startFront } from "./api-front.ts";
import { DataPlanes, type Replaced } from "./data-planes.ts";
import { openStorage, wireControlPlane } from "./embedded-control-plane.ts";
import { collectWhenIdle } from "./memory-return.ts";
import { EngineLogs } from "./pino-log.ts";
import { SliceWatchdog } from "./slice-watchdog.ts";
import type { StartOptions } from "./start-options.ts";
import { undoAll } from "./undo.ts";

/** ebb as a library: `const ebb = await start({ home }); … await ebb.stop();` */

export interface Ebb {
  /** `http://127.0.0.1:N`: send the Service's host name as Host. */
  readonly gateway: string;
  /** `https://127.0.0.1:N`: answers for hosts that have a certificate. */
  readonly gatewayTls: string;
  /** PEM file of the authority that signs hosts' certificates: `curl --cacert` takes it. */
  readonly authority: string;
  readonly api: string;
  /** Path of the file for kubectl. */
  readonly kubeconfig: string;
  readonly readyMs: number;
  /** Resolves with the reason when the engine ended by itself. */
  readonly failed: Promise<Error>;
  readonly images: ImageStore;
  /** The API as that actor sees it. */
  client(actor: string): KubeClient;
  /** Calls `listener` with the timeline of each request that had to wait; returns how to stop. */
  onColdRequest(listener: (timeline: Timeline) => void): () => void;
  /**
   * A new data-plane process takes over without losing a request; the old one finishes what it has. Rejects with one
   * sentence when that cannot begin.
   */
  replaceDataPlane(): Promise<Replaced>;
  /** Kills the pods' programs at once, for an engine that is about to be ended: no request is waited for. */
  killPods(): Promise<void>;
  /** Answers what is in flight and ends the pods within min(their grace, 30 s). Idempotent. */
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 30_000;

export async function start(options: StartOptions = {}): Promise<Ebb> {
  const startedMs = clock.monotonic();
  const temporary = options.home === undefined ? mkdtempSync(join(tmpdir(), "ebb-")) : undefined;
  const home = homeAt(options.home ?? (temporary as string));
  prepareHome(home);
  const lock = lockHome(home, process.pid);
  const undo: (() => unknown)[] = [() => lock.release()];
  if (temporary) undo.unshift(() => rmSync(temporary, { recursive: true, force: true }));
  try {
    return await startIn(home, { ...options, startedMs, undo });
  } catch (thrown) {
    // What cannot be undone either has the same cause, which is told.
    await undoAll(undo).catch(() => {});
    throw toldOfHome(thrown, home);
  }
}

interface Starting extends StartOptions {
  readonly startedMs: number;
  /** How to give back what was taken, to be run last first. */
  readonly undo: (() => unknown)[];
}

async function startIn(home: Home, { undo, startedMs, ...options }: Starting): Promise<Ebb> {
  const { httpPort = 0, httpsPorts = [0], logLevel = "warn" } = options;
  const logs = new EngineLogs(logLevel);
  const runtime = new ProcessRuntime({ clock, log: logs.of("node"), pods: home.pods });
  const dataPlanes = new DataPlanes(clock);
  undo.push(() => dataPlanes.stop());
  runtime.startForker();
  const { storage, failed: storageFailed } = openStorage(home);
  undo.push(() => storage.stop());
  const log = logs.of("control-plane");
  const leases = new BlockLeases({
    folder: join(tmpdir(), "ebb-addresses"),
    home: home.folder,
    pid: process.pid,
    random,
  });
  const addresses = new LoopbackAddresses({
    random,
    lease: () => leases.lease(),
    blocks: [await leases.lease()],
  });
  undo.push(() => leases.release());
  const activatorIp = await addresses.allocate();
  const binding = dataPlanes.bind({ httpPort, httpsPorts, activatorIp, logLevel });
  // Awaited below, as the spares are: a failure must not count as unhandled until then.
  binding.catch(() => {});
  const images = new ImageStore({ folder: home.images, clock, random });
  const spares = images.keepSpares();
  spares.catch(() => {});
  const parts = { home, storage, log, levels: logs.levels, runtime, addresses, images, dataPlanes };
  const controlPlane = wireControlPlane(parts);
  // Before it acts there are no pods to wait for; once stopped it stays so.
  undo.push(() => controlPlane.stop({ graceMs: 0 }));
  await controlPlane.startApi();
  const front = await startFront({
    apiServer: controlPlane.apiServer,
    home,
    log,
    port: options.apiPort ?? 0,
  });
  undo.push(() => front.close());
  const bound = await binding;
  await spares;
  undo.push(() => controlPlane.stop({ graceMs: STOP_GRACE_MS, stopWatchers: () => dataPlanes.stop() }));
  await controlPlane.startActing(bound);
  await dataPlanes.serving;
  storage.keepReserve();
  undo.push(new SliceWatchdog({ clock, log }).start());
  if (options.ownsProcess) undo.push(collectWhenIdle(clock, log));
  let stopping: Promise<void> | undefined;
  return {
    gateway: `http://127.0.0.1:${bound.gateway.port}`,
    gatewayTls: `https://127.0.0.1:${bound.gatewayTls?.port}`,
    authority: home.authority,
    api: front.url,
    kubeconfig: home.kubeconfig,
    readyMs: clock.monotonic() - startedMs,
    failed: Promise.race([dataPlanes.failed, storageFailed]),
    images,
    client: (actor) => controlPlane.apiServer.clientFor(actor),
    onColdRequest: (listener) => dataPlanes.onTimeline(listener),
    replaceDataPlane: () => dataPlanes.replace(),
    killPods: () => runtime.killAll(),
    stop: () => {
      stopping ??= dataPlanes.drain(STOP_GRACE_MS).then(() => undoAll(undo));
      return stopping;
    },
  };
}
