import { spawnSync } from "node:child_process";

/** The kubectls at hand for judging streams into pods, and the carriers that each of them knows. */

export interface Kubectl {
  readonly about: string;
  readonly path: string;
}

const here = spawnSync("kubectl", ["version", "--client"]).status === 0;

export const kubectls: readonly Kubectl[] = here ? [{ about: "the machine's", path: "kubectl" }] : [];

/** SPDY is what kubectl spoke before 1.30, and still speaks where it is told to. */
export const CARRIERS = ["WebSocket", "SPDY"] as const;

export function kubectlEnv(
  kubeconfig: string,
  home: string,
  carrier: (typeof CARRIERS)[number],
): Record<string, string | undefined> {
  const flag = String(carrier === "WebSocket");
  return {
    PATH: process.env.PATH,
    HOME: home,
    KUBECONFIG: kubeconfig,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: flag,
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: flag,
  };
}
