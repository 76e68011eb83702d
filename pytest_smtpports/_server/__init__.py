"""What answers: the loop thread, listeners, the SMTP session, certificates, and the journal that records."""
