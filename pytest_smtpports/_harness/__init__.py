"""What a user holds: `SMTPPorts`, `Port`, `Route`. It knows no pytest."""
