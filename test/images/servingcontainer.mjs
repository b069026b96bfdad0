import { answer, serve } from "./serve.mjs";

/** Answers with what the container next door says, at FORWARD_PORT (spec E-028). */
serve(async (_request, response) => {
  try {
    const reply = await fetch(`http://localhost:${process.env.FORWARD_PORT}`);
    answer(response, 200, `${await reply.text()}\n`);
  } catch (thrown) {
    console.error(thrown);
    process.exit(1);
  }
});
