const assert = require("node:assert");
const { test } = require("node:test");
const nodemailer = require("nodemailer");

// The application, unchanged: it sends by its provider.
function welcome(to, pass = "password") {
  const transport = nodemailer.createTransport({
    host: "smtp.example.com",
    port: 587,
    requireTLS: true,
    auth: { user: "user", pass },
  });
  return transport.sendMail({ from: "app@example.com", to, subject: "Welcome", text: "Hello" });
}

test("a welcome mail is accepted", async () => {
  const sent = await welcome("ada@example.org");

  assert.deepStrictEqual(sent.accepted, ["ada@example.org"]);
});

test("a wrong password is told", async () => {
  await assert.rejects(welcome("ada@example.org", "wrong"), { code: "EAUTH", responseCode: 535 });
});
