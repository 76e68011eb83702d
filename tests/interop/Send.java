import jakarta.activation.DataHandler;
import jakarta.activation.FileDataSource;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimeUtility;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Sends the letter with Jakarta Mail; mode is clear, starttls or implicit. */
public class Send {
    public static void main(String[] given) throws Exception {
        Properties of = new Properties();
        try (InputStream file = new FileInputStream(given[0])) {
            of.load(new java.io.InputStreamReader(file, StandardCharsets.UTF_8));
        }
        String mode = of.getProperty("mode");
        Properties settings = new Properties();
        settings.put("mail.smtp.host", of.getProperty("host"));
        settings.put("mail.smtp.port", of.getProperty("port"));
        settings.put("mail.smtp.from", of.getProperty("from"));
        settings.put("mail.smtp.connectiontimeout", "10000");
        settings.put("mail.smtp.timeout", "10000");
        settings.put("mail.smtp.localhost", "client.example");
        settings.put("mail.smtp.ssl.enable", String.valueOf(mode.equals("implicit")));
        settings.put("mail.smtp.starttls.enable", String.valueOf(mode.equals("starttls")));
        settings.put("mail.smtp.starttls.required", String.valueOf(mode.equals("starttls")));
        settings.put("mail.smtp.ssl.socketFactory", trusting(of.getProperty("ca")).getSocketFactory());
        String user = of.getProperty("user");
        settings.put("mail.smtp.auth", String.valueOf(user != null));
        Session session = Session.getInstance(settings);
        MimeMessage message = letter(session, of);
        try (Transport transport = session.getTransport("smtp")) {
            transport.connect(user, of.getProperty("password"));
            transport.sendMessage(message, message.getAllRecipients());
        }
    }

    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream pem = new FileInputStream(file)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    static MimeMessage letter(Session session, Properties of) throws Exception {
        MimeMessage message = new MimeMessage(session);
        message.setFrom(of.getProperty("from"));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress(of.getProperty("to")));
        message.setRecipient(Message.RecipientType.CC, new InternetAddress(of.getProperty("cc")));
        message.setRecipient(Message.RecipientType.BCC, new InternetAddress(of.getProperty("bcc")));
        message.setSubject(of.getProperty("subject"), "UTF-8");
        MimeBodyPart text = new MimeBodyPart();
        text.setText(of.getProperty("text"), "UTF-8");
        MimeBodyPart html = new MimeBodyPart();
        html.setText(of.getProperty("html"), "UTF-8", "html");
        MimeBodyPart bodies = new MimeBodyPart();
        bodies.setContent(new MimeMultipart("alternative", text, html));
        File file = new File(of.getProperty("attached"));
        MimeBodyPart attachment = new MimeBodyPart();
        attachment.setDataHandler(new DataHandler(new FileDataSource(file)));
        attachment.setFileName(MimeUtility.encodeText(of.getProperty("filename"), "UTF-8", null));
        message.setContent(new MimeMultipart("mixed", bodies, attachment));
        message.saveChanges();
        return message;
    }
}
