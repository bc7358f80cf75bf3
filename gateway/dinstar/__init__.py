"""One Dinstar box (UC2000, DWG2000) behind its HTTP API: its texts, results, reports, inbox and ports. Knows no messages."""
