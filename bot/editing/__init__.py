"""Staff's changes to faq/: written faithfully, tried before they count, and kept track of."""
