"""Pictures: drawn, read, and shown."""
