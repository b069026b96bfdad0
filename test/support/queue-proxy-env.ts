/** For tests: what a revision controller always sets (spec Q-003). */
export const BASE_ENV: Record<string, string> = {
  CONTAINER_CONCURRENCY: "0",
  QUEUE_SERVING_PORT: "8012",
  QUEUE_SERVING_TLS_PORT: "8112",
  USER_PORT: "8080",
  REVISION_TIMEOUT_SECONDS: "300",
  SERVING_LOGGING_CONFIG: "",
  SERVING_LOGGING_LEVEL: "",
  SERVING_NAMESPACE: "default",
  SERVING_CONFIGURATION: "hello",
  SERVING_REVISION: "hello-00001",
  SERVING_POD: "pod",
  SERVING_POD_IP: "127.0.0.1",
};
