import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import type { MeshSettings } from "../../api/wire/settings.ts";
import { Cancel } from "../../base/cancel.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { inProcessUpstream } from "../../http/in-process-upstream.ts";
import { bytesBody, respondWith } from "../../http/responses.ts";
import { TimerWheel } from "../../http/timer-wheel.ts";
import type { Backend } from "../backend.ts";
import { Activator } from "./activator.ts";

const VIP = { ip: "10.1.0.1", port: 80 };
const pod = (last: number): Backend => ({ ip: `10.0.0.${last}`, port: 8012 });

interface World {
  readonly mesh?: Partial<MeshSettings>;
  /** Statuses with which addresses answer a pod probe; 200 comes with the right body. Default 503. */
  readonly probes?: Readonly<Record<string, number>>;
  readonly containerConcurrency?: number;
  /** There is no way to Services' addresses. */
  readonly isFlat?: boolean;
}

/** An activator whose pods and Service answer probes as told, and requests with their own address. */
function activator({ mesh, probes = {}, containerConcurrency = 0, isFlat = false }: World) {
  const clock = new VirtualClock();
  const probed: string[] = [];
  const hosts: string[] = [];
  const made = new Activator({
    clock,
    random: seededRandom(1),
    log: silentLog,
    timers: new TimerWheel(clock),
    podName: "activator",
    report: () => {},
    ...(!isFlat && { clusterIpOf: async () => VIP }),
    upstreamFor: ({ ip }) =>
      inProcessUpstream(
        (exchange) => {
          const { headers } = exchange.request;
          if (headers.has("k-network-probe")) {
            probed.push(ip);
            const status = probes[ip] ?? 503;
            respondWith(exchange, { status, body: status === 200 ? "queue" : "" });
          } else {
            hosts.push(`${headers.get("host")} ${headers.get("k-passthrough-lb") ?? "-"}`);
            respondWith(exchange, { status: 200, body: ip });
          }
        },
        { remoteAddress: "" },
      ),
  });
  made.revisions.setMesh({ mode: "auto", podAddressability: false, ...mesh });
  const limits = { totalMs: 5_000, responseStartMs: 0, idleMs: 0 };
  const view = { namespace: "default", name: "hello-00001", limits, trustsProbes: true };
  made.revisions.set({ ...view, containerConcurrency });
  const setPods = (...ready: Backend[]) =>
    made.revisions.setPods("default", "hello-00001", { ready, notReady: [] });
  /** Who answered, or undefined while it is held. */
  const ask = async () => {
    const headers = new HeaderBlock(["Host", "a"]);
    headers.set("Knative-Serving-Namespace", "default");
    headers.set("Knative-Serving-Revision", "hello-00001");
    const head = { method: "GET", target: "/", version: "1.1" as const, headers };
    let answer = "";
    inProcessUpstream(made.handle, { remoteAddress: "" }).send(
      { head, body: bytesBody(new Uint8Array(0)), cancel: new Cancel() },
      {
        interim() {},
        upgraded() {},
        failed() {},
        response(_head, body) {
          const data = (chunk: Uint8Array) => {
            answer += Buffer.from(chunk).toString();
          };
          body.start({ data, end() {}, fail() {} });
          body.credit(100);
        },
      },
    );
    await clock.advance(1);
    return answer === "" ? undefined : answer;
  };
  return { clock, probed, hosts, setPods, ask, revisions: made.revisions };
}

test("when every pod looks hidden by a mesh the Service's address is taken, and pods are asked no more", async () => {
  const { clock, probed, setPods, ask } = activator({ probes: { [VIP.ip]: 200 } });
  setPods(pod(1), pod(2));
  await clock.advance(1_000);
  assert.equal(await ask(), VIP.ip);
  assert.deepEqual(probed.toSorted(), ["10.0.0.1", "10.0.0.2", VIP.ip]);
  setPods(pod(1), pod(2), pod(3));
  await clock.advance(1_000);
  assert.equal(probed.length, 3, "that a pod came changes nothing");
  setPods();
  assert.equal(await ask(), undefined, "nobody is left behind the address");
});

test("one pod that answers, or says no in its own words, proves that there is no mesh", async () => {
  for (const status of [200, 404]) {
    const { clock, probed, setPods, ask } = activator({ probes: { [VIP.ip]: 200, "10.0.0.2": status } });
    setPods(pod(1), pod(2));
    await clock.advance(1_000);
    assert.equal(probed.includes(VIP.ip), false, String(status));
    assert.equal(await ask(), status === 200 ? "10.0.0.2" : undefined);
  }
});

test("an address that does not answer well is asked again until it does", async () => {
  const probes: Record<string, number> = {};
  const { clock, setPods, ask } = activator({ probes });
  setPods(pod(1));
  await clock.advance(1_000);
  assert.equal(await ask(), undefined);
  probes[VIP.ip] = 200;
  await clock.advance(250);
  assert.equal(await ask(), VIP.ip);
});

test("where Services' addresses lead nowhere, pods are asked on", async () => {
  const probes: Record<string, number> = { [VIP.ip]: 200 };
  const { clock, setPods, ask } = activator({ probes, isFlat: true });
  setPods(pod(1));
  await clock.advance(1_000);
  probes["10.0.0.1"] = 200;
  await clock.advance(250);
  assert.equal(await ask(), "10.0.0.1");
});

test("mode enabled asks no pod, mode disabled never the Service, and trusts pods that are ready", async () => {
  const probes = { [VIP.ip]: 200, "10.0.0.1": 200 };
  const enabled = activator({ mesh: { mode: "enabled" }, probes });
  enabled.setPods(pod(1));
  await enabled.clock.advance(10);
  assert.equal(await enabled.ask(), VIP.ip);
  assert.deepEqual(enabled.probed, [VIP.ip]);
  const disabled = activator({ mesh: { mode: "disabled" }, probes: { [VIP.ip]: 200 } });
  disabled.setPods(pod(1));
  assert.equal(await disabled.ask(), "10.0.0.1");
  assert.deepEqual(disabled.probed, []);
});

test("a mesh that passes requests on is told which Service a pod belongs to, and is not gone round", async () => {
  const { clock, hosts, probed, setPods, ask, revisions } = activator({
    mesh: { podAddressability: true },
    probes: { [VIP.ip]: 200 },
  });
  setPods(pod(1));
  await clock.advance(1_000);
  assert.equal(probed.includes(VIP.ip), false);
  revisions.setMesh({ mode: "disabled", podAddressability: true });
  assert.equal(await ask(), "10.0.0.1");
  assert.deepEqual(hosts, ["hello-00001-private.default true"]);
});
