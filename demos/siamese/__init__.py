"""The siamese tab: one network, two pictures, and the distance of its two answers."""

from demos import frame

from . import api, boards, laboratory, models, space, takeaway

ABOUT = frame.Topic(
    title="Siamese",
    name="Siamese networks",
    lecture="“Deep” embeddings",
    summary="Sign three times, then try to forge yourself; invent an alphabet and have it read.",
    card=".si-cards",
    first=(".si-draw", ".si-verdict", ".si-dial"),
    slides=(
        ("L^p, L^n with the margin m, triplets, mining", "dlcv/siamese/loss.py"),
        ("|| f(x_1) - f(x_2) ||", "dlcv/siamese/model.py"),
    ),
)
POSITIVE = r"\mathcal{L}^p = \tfrac{1}{2} \, \| f(x_1^p; \Theta) - f(x_2^p; \Theta) \|^2"
NEGATIVE = r"\mathcal{L}^n = \tfrac{1}{2} \max\big(0, \; m - \| f(x_1^n; \Theta) - f(x_2^n; \Theta) \|^2\big)"


def classroom() -> frame.Board:
    """An alphabet that is read after one look."""
    frame.section(
        "One look is enough",
        "Twenty characters of Ge'ez, an alphabet that no network here was trained on, one sample of each (drawn for"
        " Omniglot by one person; Lake et al. 2015, MIT licence). Draw one: the nearest of the twenty names it. Or"
        " invent an alphabet: draw each of its characters once, and from then on they are read from anybody's hand."
        " No weight changes: only distances are compared.",
        name="Classroom",
    )
    asks = [boards.read_alphabet, boards.name_character, takeaway.take]
    value = {"omniglot": models.omniglot(), "files": takeaway.FILES}
    return frame.Board("siamese/classroom", server_functions=asks, value=value)


def halves() -> frame.Board:
    """Both twins, and what a pair costs."""
    frame.section(
        "Two halves, one set of weights",
        "Each drawing goes through the same network. What a pair costs in training depends on whether it is called"
        " positive or negative: at this distance, the length of the slope is how hard the two are pulled together or"
        " pushed apart. The slide compares the margin with the squared distance, Hadsell et al. compare its root with"
        " the distance; both are at rest from there on.",
        name="Halves",
    )
    asks = [boards.compare, boards.loss_curves]
    return frame.Board("siamese/halves", server_functions=asks, value={"margin": 1.0}, asks=boards.Curves)


def training() -> None:
    """The losses at work."""
    right = "; ".join(f"{words} {boards.one_shot(name):.1f} %" for name, words in models.COMPARED.items())
    frame.section(
        "Flat gradients, and how mining finds the others",
        "Real digits in the plane, while a small network learns from nothing. An arrow is minus the gradient at a"
        " picture of the next batch. Random negatives are soon far away, where the loss is flat and teaches nothing."
        " Mining picks near ones. But the slide's push grows with the distance: two that coincide are not pushed at"
        " all, so “hardest” from the start draws all points into one, as do positive pairs alone."
        f" On characters, one network, smaller than the one above and trained on 120 batches only, read so many of"
        f" twenty of one alphabet: {right}.",
        name="Flat gradients",
    )
    laboratory.board()


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A siamese network is one network that sees two pictures; it is trained so that the distance of its two answers"
        " says how alike they are. It learned from 964 characters of 30 alphabets, not from signatures, of which"
        " no set is used here.",
        "Draw the same thing again, then something else.",
    )
    frame.equations((POSITIVE, "small for a pair of one class"), (NEGATIVE, "and large for a pair of two, up to $m$"))
    asks = [boards.judge, boards.evaluation_pairs, takeaway.take]
    frame.Board("siamese/siamese", server_functions=asks, value={"files": takeaway.FILES})
    classroom()
    space.board()
    halves()
    training()
    frame.architecture("siamese", models.CHARACTERS, (1, 1, 32, 32))
    frame.weights_card(
        {name: [name] for name in models.ALL},
        note="The characters are scored in the alphabets of Omniglot's evaluation set, which no network was trained on."
        " Both protocols stand beside figures of papers that are not quite the same: Koch et al. hold out other"
        " alphabets, Snell et al. count turned characters as classes. Two aims were missed. Within one alphabet, 90 %:"
        " a smaller network had 87.0 % after 24 epochs and 88.1 % after 54, this one has 89.2 % after 96, and 94 % on"
        " ten of the alphabets that it learned from. Of faces, 6 %: thirty people a network are few.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.siamese")
