const test = require("node:test");
const assert = require("node:assert");
const { sendWelcomeMail } = require("./send.cjs");

test("a new user is sent mail", async () => {
  const sent = await sendWelcomeMail("ada@example.org");
  assert.deepStrictEqual(sent.accepted, ["ada@example.org"]);
});
