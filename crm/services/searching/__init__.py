"""How customers are found: `services/search` is the door."""
