"""Tables as people keep them, in CSV and XLSX files of any encoding, read row by row. Pure: no Flask, no database."""
