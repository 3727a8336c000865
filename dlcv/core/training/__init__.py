"""Training: the shared loop, and what trained classifiers say of many inputs."""
