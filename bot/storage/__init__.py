"""Where nothing is lost: messages, conversations, inquiries, deliveries and staff accounts."""
