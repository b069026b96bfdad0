import { answer, serve } from "./serve.mjs";

/** Takes half a second a request, and fails when two of them meet (spec E-024). */
let isBusy = false;
serve((_request, response) => {
  if (isBusy) return answer(response, 500, "");
  isBusy = true;
  setTimeout(() => {
    isBusy = false;
    answer(response, 200, "One at a time");
  }, 500);
});
