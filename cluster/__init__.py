"""The gallery on many cores and machines, by Ray Serve: docs/cluster.md. Nothing else of the project knows of it."""
