// An application that knows its provider by name, and is not told of any test.
const nodemailer = require("nodemailer");

nodemailer
  .createTransport({
    host: "smtp.example.com",
    port: 587,
    requireTLS: true,
    auth: { user: "user", pass: "password" },
  })
  .sendMail({ from: "shop@example.com", to: process.argv[2], subject: "Welcome", text: "Please confirm." })
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
