import { setUserInfo } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { defaultTemplate } from "../configuration/defaults.ts";
import { defaultTraffic } from "../route/defaults.ts";
import type { Service } from "./kind.ts";

/** spec A-083…A-098, in place. */
export function defaultService(context: Context, service: Service, old: Service | undefined): void {
  defaultTemplate(context, service, old);
  const traffic = service.spec.traffic ?? [];
  service.spec.traffic = traffic.length > 0 ? traffic : [{ percent: 100, latestRevision: true }];
  defaultTraffic(service.spec.traffic);
  setUserInfo(context, service, old);
}
