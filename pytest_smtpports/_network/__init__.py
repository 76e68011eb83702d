"""How a client gets to a port, or does not: doors, routes, trust, and the one socket patch."""
