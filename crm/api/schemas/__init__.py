"""The shapes of what programs send and are sent, one file for each noun."""
