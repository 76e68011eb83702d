import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The application: Jakarta Mail, told by its environment where to send by STARTTLS. */
public class Send {
    public static void main(String[] given) throws Exception {
        Map<String, String> env = System.getenv();
        Properties settings = new Properties();
        settings.put("mail.smtp.host", env.get("SMTP_HOST"));
        settings.put("mail.smtp.port", env.get("SMTP_PORT"));
        settings.put("mail.smtp.auth", "true");
        settings.put("mail.smtp.starttls.enable", "true");
        settings.put("mail.smtp.starttls.required", "true");
        settings.put("mail.smtp.connectiontimeout", "10000");
        settings.put("mail.smtp.timeout", "10000");
        settings.put("mail.smtp.ssl.socketFactory", trusting(env.get("SMTP_CA_FILE")).getSocketFactory());
        Session session = Session.getInstance(settings);
        MimeMessage mail = new MimeMessage(session);
        mail.setFrom("shop@example.com");
        mail.setRecipient(Message.RecipientType.TO, new InternetAddress(given[0]));
        mail.setSubject("Welcome");
        mail.setText("Please confirm.");
        Transport.send(mail, env.get("SMTP_USERNAME"), env.get("SMTP_PASSWORD"));
    }

    /** Java reads no environment for whom to trust. */
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
}
