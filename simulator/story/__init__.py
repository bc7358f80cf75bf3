"""Stories: a bank, what happens to it and what must come of it, played against any gateway and turned into a verdict."""
