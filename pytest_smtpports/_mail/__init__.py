"""What was captured: messages, connections, and the explanation of what is missing. Values only."""
