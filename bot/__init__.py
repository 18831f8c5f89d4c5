"""The parents' desk: understanding, tracking and safe delivery of parents' inquiries."""
