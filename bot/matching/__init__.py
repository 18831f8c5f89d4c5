"""Understanding: an utterance and a Faq in, a ranking and a decision out. Pure."""
