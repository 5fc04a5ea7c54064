"""A believable business to look at: customers, wallets and months of payments, made by the real services."""
