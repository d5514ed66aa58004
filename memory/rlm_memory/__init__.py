"""What was asked and found before: sealed episodes, recalled by their words."""
