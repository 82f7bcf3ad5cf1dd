"""What is answered to calls that can't be, in one voice: what was given, what was expected, what to write."""
