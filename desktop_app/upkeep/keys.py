"""The public keys of those who may sign feeds: Ed25519, the 32 bytes in base64.

More than one, so that a new key can come before an old one goes. Each is made by `packaging/feed.py make-key`.
"""

PUBLIC: tuple[str, ...] = (
    # A placeholder: its private half was thrown away when it was made, so nobody can sign a feed that is taken. The
    # makers of releases put their own in its place (packaging/README.md).
    "FUjREbGA6oAGI/Vzfuw+Rz0tHOlEb02cf1kgk37BWjQ=",
)
