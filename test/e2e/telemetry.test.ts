import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import {
  addImage,
  engineUp,
  get,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";

const folder = temporaryFolder("telemetry");
after(() => removeFolder(folder));

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

function configure(client: KubeClient, name: string, data: Record<string, string>) {
  const key = { namespace: "knative-serving", name };
  return client.patch(ConfigMapKind, key, { type: "merge", body: { data } });
}

/** Samples of one page of Prometheus' text. */
class Page {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n");
  }

  static async at(url: string): Promise<Page> {
    const { status, body } = await get(url);
    assert.equal(status, 200);
    return new Page(body);
  }

  /** The sum over all series of that name with all these labels. */
  sum(name: string, ...labels: readonly string[]): number {
    const found = this.#lines.filter(
      (line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)),
    );
    return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }
}

const HELLO = ['kn_revision_name="hello-00001"', 'kn_service_name="hello"', 'k8s_namespace_name="default"'];
const REQUESTS = 7;

test("metrics of all components are found on one port, and agree with the requests of a cold start", async () => {
  const engine = await engineUp({ home: `${folder}/home` });
  const { client } = engine;
  try {
    const port = await freePort();
    const pageUrl = `http://127.0.0.1:${port}/metrics`;
    await configure(client, "config-autoscaler", { "allow-zero-initial-scale": "true" });
    await configure(client, "config-logging", { "loglevel.telemetry": "info" });
    await configure(client, "config-observability", {
      "metrics-protocol": "prometheus",
      "metrics-endpoint": `127.0.0.1:${port}`,
      "request-metrics-protocol": "prometheus",
      "logging.enable-request-log": "true",
      "logging.request-log-template": "seen {{.Request.RequestURI}} {{.Response.Code}} {{.Revision.Name}}",
    });
    await until("the page is there", () =>
      engine.command.stderr.includes(`"127.0.0.1:${port}"`) ? true : undefined,
    );
    await addImage(engine.home, "hello", program(folder));
    const annotations = {
      "autoscaling.knative.dev/initial-scale": "0",
      // The activator sees every request.
      "autoscaling.knative.dev/target-burst-capacity": "-1",
    };
    await client.create(ServiceKind, service("hello", { image: "hello", annotations }));
    const url = await readyUrl(client, "hello");
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => get(`${url}/cold`)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));

    const page = await Page.at(pageUrl);
    const served = "http_server_request_duration_seconds_count";
    assert.equal(page.sum(served, ...HELLO, 'http_response_status_code="200"'), REQUESTS);
    assert.equal(page.sum(served), REQUESTS);
    assert.equal(page.sum("http_client_request_duration_seconds_count", ...HELLO), REQUESTS);
    const bytes = answers.reduce((sum, { body }) => sum + body.length, 0);
    assert.equal(page.sum("http_server_response_body_size_bytes_sum", ...HELLO), bytes);
    assert.equal(page.sum("kn_revision_request_queued", ...HELLO), 0);
    assert.equal(page.sum("kn_revision_request_active", ...HELLO), 0);
    assert.equal(page.sum("kn_activator_stats_conn_reachable"), 1);
    assert.equal(page.sum("kn_revision_pods_desired", ...HELLO), 1);
    assert.equal(page.sum("kn_revision_pods_requested", ...HELLO), 1);
    assert.ok(page.sum("kn_workqueue_adds_total", 'name="revision-controller"') > 0);
    const created = ['kn_webhook_resource_kind="Service"', 'kn_webhook_operation_type="CREATE"'];
    assert.equal(page.sum("kn_webhook_handler_duration_seconds_count", ...created), 1);
    for (const component of ["activator", "autoscaler", "controller", "webhook"]) {
      assert.equal(page.sum("target_info", `service_name="${component}"`), 1, component);
    }

    const { items } = await client.list(PodKind, { namespace: "default" });
    const [podIp] = items.map(({ status }) => status?.podIP);
    const podPage = await Page.at(`http://${podIp}:9091/metrics`);
    assert.equal(podPage.sum("kn_serving_invocation_duration_seconds_count"), REQUESTS);
    await until("the request log is written", () => {
      const lines = engine.command.stderr.match(/^seen \/cold 200 hello-00001$/gm) ?? [];
      return lines.length === REQUESTS ? true : undefined;
    });

    await configure(client, "config-observability", { "metrics-protocol": "none", "metrics-endpoint": "" });
    await until("the page is gone", async () => {
      try {
        await get(pageUrl);
        return undefined;
      } catch (thrown) {
        return (thrown as NodeJS.ErrnoException).code === "ECONNREFUSED" ? true : undefined;
      }
    });
  } finally {
    await engine.stop();
  }
});
