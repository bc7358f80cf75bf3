"""The keys of clients: what they open, and the rules that each carries."""

from gateway.core.keys.keys import AT_THE_BOX, DINSTAR_REALM, NAME, SCOPES, Keys, digest_secret, require_smpp_name

__all__ = ["AT_THE_BOX", "DINSTAR_REALM", "NAME", "SCOPES", "Keys", "digest_secret", "require_smpp_name"]
