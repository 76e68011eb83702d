// Sends the letter with nodemailer, which is the first argument; the second is what to send, and where, as JSON.
const nodemailer = require(process.argv[2]);
const { transport, mail } = JSON.parse(process.argv[3]);

nodemailer
  .createTransport(transport)
  .sendMail(mail)
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
