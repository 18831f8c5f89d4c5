"""The FAQ's own exam: questions asked of the desk, judged, and reported."""
