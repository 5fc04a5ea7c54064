"""What payments are found by, shown as, and taken from a spreadsheet with: `services/payments` is the door."""
