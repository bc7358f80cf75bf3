"""Routes, without the rows they are kept in: what a condition is, which route wins, and what makes a route that may be kept."""
