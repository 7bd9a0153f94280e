"""What runs on the family's PC beside Debian's own programs. Never on the stick or the server."""
