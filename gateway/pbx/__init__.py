"""What each PBX wants to hear: an event becomes an HTTP request. Pure: no network, no clock, no storage."""
