"""What a port is and what it says, decided without sockets, threads or loops."""
