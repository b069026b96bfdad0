import assert from "node:assert/strict";
import { test } from "node:test";
import type { Terminal } from "./command.ts";
import { type KubeconfigRequest, kubeconfig } from "./kubeconfig.ts";

async function told(...args: string[]): Promise<KubeconfigRequest> {
  const requests: KubeconfigRequest[] = [];
  const terminal: Terminal = { out() {}, err() {}, env: {}, homeFolder: "/home/me" };
  await kubeconfig(args, terminal, (request) => {
    requests.push(request);
    return "";
  });
  const [request] = requests;
  assert.ok(request);
  return request;
}

test("a kubeconfig is for a user with any number of groups, for a year unless told otherwise", async () => {
  const plain = { home: "/home/me/.ebb", name: "jane", groups: [], validDays: 365 };
  assert.deepEqual(await told("--user", "jane"), plain);
  const groups = ["--group", "devs", "--group", "ops"];
  assert.deepEqual(await told("--user", "jane", ...groups, "--days", "2", "--home", "/x"), {
    home: "/x",
    name: "jane",
    groups: ["devs", "ops"],
    validDays: 2,
  });
});

test("a user that is missing and days that are none are told", async () => {
  await assert.rejects(told(), /ebb kubeconfig --user NAME/);
  await assert.rejects(
    told("--user", "jane", "--days", "0"),
    /--days takes a number from 1 to 3650, not "0"/,
  );
  await assert.rejects(told("--usr", "jane"), /ebb help/);
});
