"""100 KB messages, from another process."""

from ._traffic import measure

if __name__ == "__main__":
    measure("100 KB", 100_000, 1000, aiosmtpd=7, sink=1.2)
