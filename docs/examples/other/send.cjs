// The application: nodemailer, told by its environment where to send.
const nodemailer = require("nodemailer");

function transport(env = process.env) {
  return nodemailer.createTransport({
    host: env.SMTP_HOST,
    port: Number(env.SMTP_PORT),
    secure: env.SMTP_TLS === "implicit",
    requireTLS: env.SMTP_TLS === "starttls",
    auth: env.SMTP_USERNAME ? { user: env.SMTP_USERNAME, pass: env.SMTP_PASSWORD } : undefined,
    connectionTimeout: 10000,
  });
}

async function sendWelcomeMail(to) {
  return transport().sendMail({ from: "shop@example.com", to, subject: "Welcome", text: "Please confirm." });
}

module.exports = { sendWelcomeMail };

if (require.main === module) {
  sendWelcomeMail(process.argv[2]).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}
