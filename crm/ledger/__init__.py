"""Money: what may be posted, the one writer of operations and balances, and the proof that they are right."""
