"""1 KB messages, a connection each, from another process."""

from ._traffic import measure

if __name__ == "__main__":
    measure("1 KB, a connection each", 1000, 4000, aiosmtpd=2.4)
