import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { type TestContext, test } from "node:test";
import { testAuthority } from "../../test/support/certificates.ts";
import { systemClock as clock } from "../base/clock.ts";
import { systemNetwork } from "../http/network.ts";
import { HttpServer } from "../http/server.ts";
import { metricsNetwork } from "./metrics-network.ts";
import { metricsHandler } from "./metrics-server.ts";

const network = systemNetwork(clock);
const authority = testAuthority();
const stranger = testAuthority();
const server = authority.issue(["prometheus.example.com"]);
const FILES: Readonly<Record<string, string>> = {
  "/cert": server.cert,
  "/key": server.key,
  "/ca": authority.certificate,
};
const readFile = (path: string) => FILES[path] ?? assert.fail(`${path} is read`);
const ENCRYPTED = { METRICS_PROMETHEUS_TLS_CERT: "/cert", METRICS_PROMETHEUS_TLS_KEY: "/key" };

async function served(context: TestContext, env: Readonly<Record<string, string>>): Promise<number> {
  const door = metricsNetwork({ clock, network, env, readFile });
  const made = new HttpServer({ clock, handler: metricsHandler({ clock, sources: async () => [] }) });
  const listener = await door.listen({ ip: "127.0.0.1", port: 0 }, made.accept);
  context.after(async () => {
    made.closeNow();
    await listener.close();
  });
  return listener.address.port;
}

/** The status, or "refused". */
async function scrape(
  port: number,
  client: { cert?: string; key?: string } = {},
): Promise<number | "refused"> {
  const options = { host: "127.0.0.1", port, path: "/metrics", agent: false, ca: authority.certificate };
  const outgoing = request({ ...options, servername: "prometheus.example.com", ...client });
  outgoing.end();
  try {
    const [response] = await once(outgoing, "response");
    response.resume();
    return response.statusCode;
  } catch {
    return "refused";
  }
}

test("metrics are encrypted when certificate and key are named", async (context) => {
  assert.equal(await scrape(await served(context, ENCRYPTED)), 200);
  assert.equal(metricsNetwork({ clock, network, env: {}, readFile }), network);
});

test("clients must show a certificate of the authority, or may, but none of another", async (context) => {
  const mine = authority.issueClient("scraper");
  const theirs = stranger.issueClient("scraper");
  const env = (auth: string) => ({
    ...ENCRYPTED,
    METRICS_PROMETHEUS_TLS_CLIENT_AUTH: auth,
    METRICS_PROMETHEUS_TLS_CLIENT_CA_FILE: "/ca",
  });
  const required = await served(context, env("require"));
  assert.deepEqual(
    [await scrape(required), await scrape(required, mine), await scrape(required, theirs)],
    ["refused", 200, "refused"],
  );
  const optional = await served(context, env("Optional"));
  assert.deepEqual(
    [await scrape(optional), await scrape(optional, mine), await scrape(optional, theirs)],
    [200, 200, "refused"],
  );
});

test("variables that do not fit each other are refused by their names", () => {
  const refused = (env: Readonly<Record<string, string>>, variable: RegExp) =>
    assert.throws(() => metricsNetwork({ clock, network, env, readFile }), variable);
  refused({ METRICS_PROMETHEUS_TLS_CERT: "/cert" }, /METRICS_PROMETHEUS_TLS_KEY/);
  refused({ METRICS_PROMETHEUS_TLS_CLIENT_AUTH: "require" }, /need METRICS_PROMETHEUS_TLS_CERT/);
  refused({ METRICS_PROMETHEUS_TLS_CLIENT_CA_FILE: "/ca" }, /need METRICS_PROMETHEUS_TLS_CERT/);
  refused({ ...ENCRYPTED, METRICS_PROMETHEUS_TLS_CLIENT_AUTH: "always" }, /not none, optional or require/);
  refused({ ...ENCRYPTED, METRICS_PROMETHEUS_TLS_CLIENT_AUTH: "optional" }, /CLIENT_CA_FILE is needed/);
  refused({ ...ENCRYPTED, METRICS_PROMETHEUS_TLS_MIN_VERSION: "1.0" }, /METRICS_PROMETHEUS_TLS_MIN_VERSION/);
});
