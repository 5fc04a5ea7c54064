"""Imports of customers, room by room: how a file reads, what becomes of each row, how it is written."""
