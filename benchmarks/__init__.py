"""The speed of pytest-smtpports, each figure measured beside a peer in one run; see README.md."""
