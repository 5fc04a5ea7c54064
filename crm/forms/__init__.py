"""What was typed: the shape of every form; the rules are in the services."""
