"""Stand-ins for the record systems that keep the rules of the real ones, refusals included."""
