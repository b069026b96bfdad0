import { EbbError } from "../base/errors.ts";

/** A variable of the environment cannot be used; the message is Knative's, which people look for. */
export class ConfigError extends EbbError {
  readonly variable: string;

  constructor(variable: string, message: string) {
    super("queue-proxy-config", message);
    this.variable = variable;
  }
}
