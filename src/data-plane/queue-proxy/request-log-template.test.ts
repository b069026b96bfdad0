import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestLogTemplate } from "./request-log-template.ts";

const data = {
  Request: { Method: "GET", Header: { "X-Two": ["a", "b"], Get: (name: string) => `<${name}>` } },
};

test("fields, methods, index, literals, comments and trimmed space are understood", () => {
  const cases = {
    "{{.Request.Method}}!": "GET!",
    '{{.Request.Header.Get "X"}}': "<X>",
    '{{index .Request.Header "X-Two"}}{{index .Request.Header "No"}}': "[a b][]",
    "a {{- /* c */ -}} b": "ab",
    "{{`}}`}}{{len .Request.Header}}": "}}1",
    '{{js "<\'"}}': "\\u003C\\'",
  };
  for (const [text, line] of Object.entries(cases)) {
    assert.equal(new RequestLogTemplate(text).execute(data), line);
  }
});

test("what is not understood is refused when read, what does not fit the data when executed", () => {
  for (const text of ["{{.Request.Method", "{{end}}", "{{if .Request}}x{{end}}", "{{$m := 1}}", "{{}}"]) {
    assert.throws(() => new RequestLogTemplate(text), { code: "template-syntax" });
  }
  for (const text of ["{{.Nope}}", "{{.Request.Nope}}", "{{index .Request.Header.Foo 5}}"]) {
    assert.throws(() => new RequestLogTemplate(text).execute(data), { code: "template-execution" });
  }
});
