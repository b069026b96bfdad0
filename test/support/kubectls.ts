import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runGo, skipWithoutGo } from "./go.ts";

/** The kubectls at hand for judging streams into pods, with the carriers that each of them knows. */

export interface Kubectl {
  readonly about: string;
  readonly carrier: "WebSocket" | "SPDY";
  /** The program; built into the folder where it has to be. */
  path(folder: string): Promise<string>;
}

export const skipWithoutKubectl =
  spawnSync("kubectl", ["version", "--client"]).status === 0 ? false : "kubectl is not installed";

const ofTheMachine = (carrier: Kubectl["carrier"]): Kubectl => ({
  about: `the machine's, ${carrier}`,
  carrier,
  path: () => Promise.resolve("kubectl"),
});

/** SPDY is what kubectl spoke before 1.30, and speaks up to 1.32 where it is told to. */
const newest: Kubectl = {
  about: "the newest, WebSocket",
  carrier: "WebSocket",
  async path(folder) {
    const program = join(folder, "newest-kubectl");
    await runGo("build", "-ldflags=-s -w", `-o=${program}`, "./kubectl");
    return program;
  },
};

export const kubectls: readonly Kubectl[] = [
  ...(skipWithoutKubectl === false ? [ofTheMachine("WebSocket"), ofTheMachine("SPDY")] : []),
  ...(skipWithoutGo === false ? [newest] : []),
];

export function kubectlEnv(
  kubeconfig: string,
  home: string,
  carrier: Kubectl["carrier"],
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
