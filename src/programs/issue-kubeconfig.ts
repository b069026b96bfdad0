import { existsSync, readFileSync } from "node:fs";
import { systemClock as clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import { systemRandom as random } from "../base/random.ts";
import type { KubeconfigRequest } from "../cli/kubeconfig.ts";
import { loadCredentials } from "../embedded/apiserver/credentials.ts";
import { userKubeconfig } from "../embedded/apiserver/user-kubeconfig.ts";
import { homeAt } from "../embedded/home/home.ts";
import { parseKubeconfig } from "../kube/kubeconfig.ts";

/** A kubeconfig of the engine in that home, for another user than its administrator. */
export function issueKubeconfig({ home, ...user }: KubeconfigRequest): string {
  const { folder, kubeconfig, credentials } = homeAt(home);
  if (!existsSync(kubeconfig))
    throw new EbbError("home-without-engine", `no engine has run in ${folder} yet: ebb up --home ${folder}`);
  const { server } = parseKubeconfig(readFileSync(kubeconfig, "utf8"), (path) => readFileSync(path, "utf8"));
  const api = { url: server, credentials: loadCredentials({ folder: credentials, clock, random }) };
  return userKubeconfig(user, api, { clock, random });
}
