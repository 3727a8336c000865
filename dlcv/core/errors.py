"""What went wrong, in a sentence for the person in front of the screen."""


class InputError(ValueError):
    """The visitor's input cannot be used; the message says what to do about it and is shown as it is."""
