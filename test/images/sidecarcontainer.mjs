import { answer, serve } from "./serve.mjs";

/** Stands beside the serving container, always at 8882 (spec E-028). */
serve((_request, response) => answer(response, 200, "Yay!! multi-container works\n"), "8882");
