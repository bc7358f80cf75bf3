"""A simulated Dinstar box: SIMs behind an HTTP API, written from the vendor's document and from what clients do."""
