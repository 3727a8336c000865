"""Published networks that a training starts from, a file for each."""
