"""How the desk is doing: counted from what is stored, shown on the pages and in the terminal."""
