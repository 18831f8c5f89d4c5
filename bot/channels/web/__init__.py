"""The web chat: page, assets, routes."""
