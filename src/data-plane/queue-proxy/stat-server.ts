import { encodeStat } from "../../api/wire/stat-codec.ts";
import type { Clock } from "../../base/clock.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Handler } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import { routes } from "../routes.ts";
import type { RequestStats } from "./stats.ts";

/** Port 9090: what the autoscaler scrapes, one Stat as protobuf (spec Q-044). */
export function statHandler(options: { clock: Clock; stats: RequestStats; podName: string }): Handler {
  return routes({
    "/metrics": (exchange) => {
      const stat = options.stats.report(options.podName, options.clock.monotonic());
      const headers = new HeaderBlock(["Content-Type", "application/protobuf"]);
      respondWith(exchange, { status: 200, headers, body: encodeStat(stat) });
    },
  });
}
