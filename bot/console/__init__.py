"""Staff pages under /staff/: sign-in, the queue, and one inquiry with what may be done to it."""
