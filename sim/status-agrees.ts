import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { EndpointsKind } from "../src/api/endpoints/kind.ts";
import { type Pod, PodKind } from "../src/api/pod/kind.ts";
import { PodAutoscalerKind } from "../src/api/pod-autoscaler/kind.ts";
import type { World } from "./world.ts";

const REVISION = "serving.knative.dev/revision";

/** What the API says of each revision against the programs that run: every disagreement, none when all is settled. */
export async function statusDisagreements(world: World): Promise<string[]> {
  const client = world.client();
  const pods = (await client.list(PodKind)).items;
  const running = world.apps.filter((app) => !app.isOver).length;
  const found: string[] = [];
  const started = pods.filter((pod) => userState(pod)?.running).length;
  if (started !== running) found.push(`${running} programs run, Pods say ${started}`);
  for (const { metadata, status } of (await client.list(DeploymentKind)).items) {
    const revision = metadata.labels?.[REVISION] ?? "";
    const its = pods.filter((pod) => pod.metadata.labels?.[REVISION] === revision);
    const ready = its.filter(isReady).length;
    const key = { namespace: metadata.namespace ?? "", name: revision };
    const scaler = await client.get(PodAutoscalerKind, key);
    const endpoints = await client.get(EndpointsKind, { ...key, name: `${revision}-private` });
    const addresses = (endpoints.subsets ?? []).flatMap((subset) => subset.addresses ?? []).length;
    const counts = {
      "Deployment's readyReplicas": status?.readyReplicas ?? 0,
      "PodAutoscaler's actualScale": scaler.status?.actualScale ?? 0,
      "Endpoints' ready addresses": addresses,
    };
    for (const [what, count] of Object.entries(counts))
      if (count !== ready) found.push(`${revision} has ${ready} ready pods, the ${what} are ${count}`);
  }
  return found;
}

function userState({ status }: Pod) {
  return status?.containerStatuses?.find(({ name }) => name === "user-container")?.state;
}

function isReady({ status, metadata }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  return ready && metadata.deletionTimestamp === undefined;
}
