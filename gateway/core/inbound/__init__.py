"""Numbers to people: the inbound rules, which of them claims an incoming text, and handing on what none claimed."""
