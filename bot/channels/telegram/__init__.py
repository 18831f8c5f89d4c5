"""Telegram: the whole desk in a messenger. Imported only when a token is set."""
