import type { ServicePort } from "../../../api/core-service/kind.ts";

/** The ports of a revision's two Services (spec C-034, C-035). Numbers of the queue-proxy are spec §0.3. */

const QUEUE_HTTP_PORT = 8012;
const QUEUE_HTTP2_PORT = 8013;
export const QUEUE_HTTPS_PORT = 8112;
const AUTOSCALING_METRICS_PORT = 9090;
const USER_METRICS_PORT = 9091;

export type Protocol = "http1" | "h2c";

interface ProtocolPort {
  readonly name: string;
  /** Of the public Service: gateways tell the protocols apart by it. */
  readonly publicPort: number;
  readonly targetPort: number;
  readonly appProtocol?: string;
}

export function protocolPort(protocol: Protocol): ProtocolPort {
  return protocol === "h2c"
    ? {
        name: "http2",
        publicPort: 81,
        targetPort: QUEUE_HTTP2_PORT,
        appProtocol: "kubernetes.io/h2c",
      }
    : { name: "http", publicPort: 80, targetPort: QUEUE_HTTP_PORT };
}

export function publicPorts(protocol: Protocol): ServicePort[] {
  const { publicPort, ...port } = protocolPort(protocol);
  return [tcp({ ...port, port: publicPort }), httpsPort()];
}

export function privatePorts(protocol: Protocol): ServicePort[] {
  const { publicPort: _, ...port } = protocolPort(protocol);
  return [
    tcp({ ...port, port: 80 }),
    httpsPort(),
    tcp({ name: "http-autometric", port: AUTOSCALING_METRICS_PORT, targetPort: "http-autometric" }),
    tcp({ name: "http-usermetric", port: USER_METRICS_PORT, targetPort: "http-usermetric" }),
    tcp({ name: `${port.name}-istio`, port: port.targetPort, targetPort: port.targetPort }),
  ];
}

function httpsPort(): ServicePort {
  return tcp({ name: "https", port: 443, targetPort: QUEUE_HTTPS_PORT });
}

function tcp(port: Omit<ServicePort, "protocol">): ServicePort {
  return { ...port, protocol: "TCP" };
}
