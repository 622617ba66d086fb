"""What scripts/bench is made of: trackers to run, cases to run them in, rounds, and the page."""
