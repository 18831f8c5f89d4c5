"""The WeChat Official Account: a wire format, what parents do there, an API client."""
