import { callFunction } from "./functions.ts";
import type { Body, Command, Node, Operand, Pipe, Place } from "./nodes.ts";
import { TemplateError, ValueError } from "./template-error.ts";
import { GoMap, GoStruct, isList, isTrue, print, typeName, type Value } from "./values.ts";

/** Go stops here too; a template that includes itself must end. */
const DEPTH_MAX = 1000;

type Flow = "on" | "break" | "continue";

interface Variable {
  readonly name: string;
  value: Value;
}

/** Runs one template once. */
export class Execution {
  /** Of the template that is running. */
  #name: string;
  readonly #named: ReadonlyMap<string, Body>;
  #out = "";
  #variables: Variable[] = [];
  #depth = 0;

  constructor(name: string, named: ReadonlyMap<string, Body>) {
    this.#name = name;
    this.#named = named;
  }

  run(body: Body, data: Value): string {
    this.#variables = [{ name: "$", value: data }];
    this.#walk(body, data);
    return this.#out;
  }

  #walk(body: Body, dot: Value): Flow {
    for (const node of body) {
      const flow = this.#node(node, dot);
      if (flow !== "on") return flow;
    }
    return "on";
  }

  #node(node: Node, dot: Value): Flow {
    switch (node.type) {
      case "text":
        this.#out += node.text;
        return "on";
      case "action": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#out += print(value);
        return "on";
      }
      case "template":
        this.#include(node, dot);
        return "on";
      case "break":
      case "continue":
        return node.type;
      case "range":
        return this.#scoped(() => this.#range(node, dot));
      default:
        return this.#scoped(() => this.#branch(node, dot));
    }
  }

  #scoped(run: () => Flow): Flow {
    const depth = this.#variables.length;
    const flow = run();
    this.#variables.length = depth;
    return flow;
  }

  #branch(node: Extract<Node, { type: "if" | "with" | "range" }>, dot: Value): Flow {
    const value = this.#pipe(node.pipe, dot);
    if (!isTrue(value)) return this.#walk(node.otherwise, dot);
    return this.#walk(node.body, node.type === "with" ? value : dot);
  }

  #range(node: Extract<Node, { type: "if" | "with" | "range" }>, dot: Value): Flow {
    const value = this.#pipe(node.pipe, dot);
    const pairs = this.#pairsOf(value, node.pipe);
    const depth = this.#variables.length;
    for (const [key, element] of pairs) {
      this.#declareInRange(node.pipe, key, element);
      const flow = this.#walk(node.body, element);
      this.#variables.length = depth;
      if (flow === "break") break;
    }
    return pairs.length > 0 ? "on" : this.#walk(node.otherwise, dot);
  }

  #pairsOf(value: Value, pipe: Pipe): readonly (readonly [Value, Value])[] {
    if (isList(value)) return value.map((one, index) => [index, one] as const);
    if (value instanceof GoMap) return value.keys.map((key) => [key, value.get(key)] as const);
    if (typeof value === "number")
      return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at] as const);
    if (value === undefined) return [];
    throw this.#error(pipe, `range can't iterate over ${print(value)}`);
  }

  #declareInRange(pipe: Pipe, key: Value, element: Value): void {
    const { variables, isAssignment } = pipe;
    const [first, second] = variables;
    if (first === undefined) return;
    const values = second === undefined ? [element] : [key, element];
    variables.forEach((name, index) => {
      if (isAssignment) this.#assign(name, values[index], pipe);
      else this.#variables.push({ name, value: values[index] });
    });
  }

  #include(node: Extract<Node, { type: "template" }>, dot: Value): void {
    const where = { at: node.at, source: `{{template ${JSON.stringify(node.name)}}}` };
    const body = this.#named.get(node.name);
    if (body === undefined) throw this.#error(where, `template ${JSON.stringify(node.name)} not defined`);
    if (this.#depth >= DEPTH_MAX) throw this.#error(where, `exceeded maximum template depth (${DEPTH_MAX})`);
    const data = node.pipe ? this.#pipe(node.pipe, dot) : undefined;
    const variables = this.#variables;
    const outer = this.#name;
    this.#name = node.name;
    this.#variables = [{ name: "$", value: data }];
    this.#depth += 1;
    this.#walk(body, data);
    this.#depth -= 1;
    this.#variables = variables;
    this.#name = outer;
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Value;
    let final: readonly Value[] = [];
    for (const command of pipe.commands) {
      value = this.#command(command, dot, final);
      final = [value];
    }
    const [name, ...others] = pipe.variables;
    // In a range they hold the elements, one after the other.
    if (name !== undefined && others.length === 0) {
      if (pipe.isAssignment) this.#assign(name, value, pipe);
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #assign(name: string, value: Value, where: { readonly at: Place; readonly source: string }): void {
    const variable = this.#variables.findLast((one) => one.name === name);
    if (variable === undefined) throw this.#error(where, `undefined variable: ${name}`);
    variable.value = value;
  }

  #command(command: Command, dot: Value, final: readonly Value[]): Value {
    const [first, ...rest] = command.operands;
    const isCall = rest.length > 0 || final.length > 0;
    if (first.type === "function") return this.#function(first.name, { command, rest, dot, final });
    if (first.type === "nil") throw this.#error(first, "nil is not a command");
    if (first.type === "field") return this.#fields(dot, first.names, { first, rest, dot, final });
    if (first.type === "variable") {
      return this.#fields(this.#variable(first.name), first.names, { first, rest, dot, final });
    }
    if (isCall && first.type === "chain" && first.names.length > 0) {
      return this.#fields(this.#pipe(first.pipe, dot), first.names, { first, rest, dot, final });
    }
    if (isCall) throw this.#error(first, `can't give argument to non-function ${first.source}`);
    return this.#operand(first, dot);
  }

  #function(
    name: string,
    call: { command: Command; rest: readonly Operand[]; dot: Value; final: readonly Value[] },
  ): Value {
    const { command, rest, dot, final } = call;
    const late = [...rest.map((one) => () => this.#operand(one, dot)), ...final.map((one) => () => one)];
    try {
      return callFunction(name, late);
    } catch (thrown) {
      if (!(thrown instanceof ValueError)) throw thrown;
      const isCount = thrown.message.startsWith("wrong number of args");
      throw this.#error(isCount ? { at: command.at, source: name } : command, thrown.message);
    }
  }

  #operand(operand: Operand, dot: Value): Value {
    const first = operand;
    const none = { first, rest: [], dot, final: [] };
    switch (operand.type) {
      case "dot":
        return dot;
      case "nil":
        return undefined;
      case "constant":
        return operand.value;
      case "field":
        return this.#fields(dot, operand.names, none);
      case "variable":
        return this.#fields(this.#variable(operand.name), operand.names, none);
      case "chain":
        return this.#fields(this.#pipe(operand.pipe, dot), operand.names, none);
      case "function":
        return this.#function(operand.name, { command: { operands: [operand], ...operand }, ...none });
    }
  }

  #variable(name: string): Value {
    return this.#variables.findLast((one) => one.name === name)?.value;
  }

  /** Field after field; only the last one may be a method with arguments. */
  #fields(
    from: Value,
    names: readonly string[],
    call: { first: Operand; rest: readonly Operand[]; dot: Value; final: readonly Value[] },
  ): Value {
    const { first, rest, dot, final } = call;
    let value = from;
    names.forEach((name, index) => {
      // hot path: nearly every step of a log template.
      if (
        value instanceof GoStruct &&
        Object.hasOwn(value.fields, name) &&
        rest.length + final.length === 0
      ) {
        if (!Object.hasOwn(value.methods, name)) {
          value = value.fields[name];
          return;
        }
      }
      const isLast = index === names.length - 1;
      const args = isLast ? () => [...rest.map((one) => this.#operand(one, dot)), ...final] : () => [];
      value = this.#field({ value, name, hasArgs: isLast && rest.length + final.length > 0, args }, first);
    });
    if (names.length === 0 && rest.length + final.length > 0) {
      throw this.#error(first, `can't give argument to non-function ${first.source}`);
    }
    return value;
  }

  #field(look: { value: Value; name: string; hasArgs: boolean; args: () => Value[] }, at: Operand): Value {
    const { value, name, hasArgs, args } = look;
    if (value === undefined) return undefined;
    if (value === null) throw this.#error(at, `nil pointer evaluating nil.${name}`);
    if (value instanceof GoMap || value instanceof GoStruct) {
      const method = Object.hasOwn(value.methods, name) ? value.methods[name] : undefined;
      if (method) return this.#call(method, { name, args: args() }, at);
      if (value instanceof GoMap) {
        if (hasArgs) throw this.#error(at, `${name} is not a method but has arguments`);
        return value.get(name);
      }
      if (Object.hasOwn(value.fields, name)) {
        if (hasArgs) throw this.#error(at, `${name} has arguments but cannot be invoked as function`);
        return value.fields[name];
      }
    }
    throw this.#error(at, `can't evaluate field ${name} in type ${typeName(value)}`);
  }

  #call(
    method: (...args: Value[]) => Value,
    { name, args }: { name: string; args: Value[] },
    at: Operand,
  ): Value {
    if (method.length !== args.length) {
      throw this.#error(at, `wrong number of args for ${name}: want ${method.length} got ${args.length}`);
    }
    const odd = args.find((one) => typeof one !== "string");
    if (odd !== undefined)
      throw this.#error(at, `wrong type for value; expected string; got ${typeName(odd)}`);
    return method(...args);
  }

  #error({ at, source }: { readonly at: Place; readonly source: string }, what: string): TemplateError {
    const where = `${this.#name}:${at.line}:${at.column}`;
    return new TemplateError(
      "template-execution",
      `template: ${where}: executing ${JSON.stringify(this.#name)} at <${source}>: ${what}`,
    );
  }
}
