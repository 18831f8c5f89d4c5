"""What the desk did not understand, brought before staff: signals, groups, reviews."""
