"""1 KB messages on kept connections, from another process."""

from ._traffic import measure

if __name__ == "__main__":
    measure("1 KB, connections kept", 1000, 10_000, "-d", aiosmtpd=4)
