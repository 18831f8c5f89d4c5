"""The FAQ on the staff pages: looked through, tried, edited, its history; nothing is lost."""
