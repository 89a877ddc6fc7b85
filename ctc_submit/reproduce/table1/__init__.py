"""Table I of the paper: eight ways to segment two data sets, each trained and scored here."""
