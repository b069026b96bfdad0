import { answer, serve } from "./serve.mjs";

/** Says its arguments: helloworld, pizzaplanetv1 and pizzaplanetv2 (spec E-019). */
const text = process.argv.slice(2).join(" ");
serve((_request, response) => answer(response, 200, `${text}\n`));
