"""Looking inside a pass: its record, what became of a gradient, alarms, and how all that is written for people."""
