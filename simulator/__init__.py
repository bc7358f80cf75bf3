"""A bank of simulated GSM modems on one simulated network. Knows nothing of the gateway and shares no code with it."""
