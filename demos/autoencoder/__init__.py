"""The autoencoder tab: what a code is good for, and what it is not."""

from demos import frame

from . import api, boards, laboratory, models, plane
from .neighbours import MEASURES

ABOUT = frame.Topic(
    title="Autoencoder",
    name="Autoencoders",
    lecture="“Deep” embeddings",
    summary="Thirty bars are a digit: drag them, walk between two, and watch a spoiled one heal.",
    card=".ae-model",
    first=(".ae-draw", ".ae-models"),
    slides=(
        ("|| g(f(x)) - x ||^2 (1)", "dlcv/autoencoder/loss.py"),
        ("code <- f(x), x' <- g(code) (2)", "dlcv/autoencoder/model.py"),
    ),
)
LOSS = r"\mathcal{L}(\Theta_1, \Theta_2) = \sum_x \| g(f(x; \Theta_1); \Theta_2) - x \|^2 \quad (1)"
CODE = (
    r"\begin{aligned} \text{code} &\leftarrow f(x; \Theta_1) \\"
    r" x' &\leftarrow g(\text{code}; \Theta_2) \quad (2) \end{aligned}"
)
HEAL = r"x \leftarrow x + 0.2\,\big(g(f(x)) - x\big)"


def playground() -> frame.Board:
    """The drawing and its code; what follows takes the drawing from there."""
    asks = [boards.show_data, boards.read_drawing, boards.sweep_unit]
    family = models.FAMILIES["digits"]
    value = {"models": [family.network, family.pca]}
    main = frame.Board("autoencoder/autoencoder", server_functions=asks, value=value)
    followers = [walk(), compare(), random_codes(), code_plane(), noise(), healing()]
    main.shared(None, main, followers, js="(value) => [value, value, value, value, value, value]", **frame.PLUMBING)
    return main


def walk() -> frame.Board:
    """From one drawing to another."""
    frame.section(
        "A walk in the code bends, a walk in pixels fades",
        "Halfway between two pictures, pixel by pixel, lie both at half strength. PCA is linear, and does the same"
        " through its blur. On the straight way between two codes the decoder draws strokes that turn into each other.",
        name="Walk",
    )
    return frame.Board("autoencoder/walk", server_functions=[boards.walk_between])


def compare() -> frame.Board:
    """Pictures that lie near the drawing."""
    right = [f"{name}: {value:.1f} %" for name, value in zip(MEASURES.values(), boards.measured("neighbours"))]
    frame.section(
        "“Can be used to compare images”",
        "The six pictures that lie nearest to your drawing, by four measures. They were made by a generator of the GAN"
        " tab, 2,000 a data set, and named by a classifier: the data sets' own pictures do not ship with the gallery."
        " On real digits, the five nearest of 10,000 training pictures elect the right class for so many of the 10,000"
        f" test pictures: {'; '.join(right)}. That is not much more than pixels can do: nothing in (1) asks that what"
        " is alike lies together.",
        name="Compare",
    )
    value = {"measures": list(MEASURES.values())}
    return frame.Board("autoencoder/compare", server_functions=[boards.find_nearest], value=value)


def random_codes() -> frame.Board:
    """Codes that are nobody's."""
    frame.section(
        "A random code is nobody's picture",
        "“Does not work well in practice without additional constraints”: nothing in (1) says where codes have to lie,"
        " so that many places decode to no digit. A variational autoencoder is told: its codes follow"
        " $\\mathcal{N}(0, I)$, and what is drawn from there is a picture more often. Its own tab is"
        " [VAE](?tab=vae).",
        name="Random codes",
    )
    value = {
        "sources": boards.SOURCES,
        "count": boards.RANDOM,
        "shares": boards.measured("taken"),
        "seeds": boards.SEEDS,
    }
    return frame.Board("autoencoder/random", server_functions=[boards.draw_codes], value=value, asks=boards.Draw)


def code_plane() -> frame.Board:
    """The code of two units as a whole."""
    frame.section(
        "Where real codes lie, and the current back to them",
        "With two units the whole code can be seen. Each dot is a test picture; between the classes and around them are"
        " places that no picture has. Decode and encode again, and a point moves: the arrows are"
        " $f(g(\\text{code})) - \\text{code}$.",
        name="Plane",
    )
    return plane.board()


def noise() -> frame.Board:
    """Noise that comes back, and noise that does not."""
    frame.section(
        "Without a constraint, it learns to copy",
        "A code with more units than the picture has pixels can hold anything: (1) is then minimal for a network that"
        " hands back whatever it is shown, most noise too. A narrow code is one constraint. Another, at the same width:"
        " show spoiled pictures and ask for the clean ones (a denoising autoencoder). Digits only.",
        name="Copying",
    )
    value = {"kinds": boards.KINDS}
    return frame.Board("autoencoder/noise", server_functions=[boards.add_noise], value=value, asks=boards.Noisy)


def healing() -> frame.Board:
    """The pull of the manifold."""
    frame.section(
        "The pull of the manifold",
        "What an autoencoder gives back lies nearer to the digits that it knows than what it was shown. Go a part of"
        f" that way, again and again, ${HEAL}$: rub something out, smear it, give it a moustache, and let go. PCA is"
        " pulled to a flat space and only blurs. Digits only.",
        name="Healing",
    )
    return frame.Board("autoencoder/heal", server_functions=[boards.heal_picture])


def training() -> None:
    """The loss at work."""
    frame.section(
        "Watch one learn",
        "A small network from nothing, on 1,500 generated pictures: a perceptron with one hidden layer of 128 units"
        " each way. The dashed line is what PCA of the same width leaves, the best that a linear code can do.",
        name="Training",
    )
    laboratory.board()


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "An autoencoder squeezes a picture into a few numbers, its code, and draws the picture again from these alone."
        " Every unit of PCA is a ghost over the whole digit; a unit of the network bends a stroke.",
        "Drag a bar, then draw a digit of your own.",
    )
    frame.equations(
        (LOSS, "the sum of squared errors, here of one picture: over its 784 pixels"),
        (CODE, "$f$ the encoder, $g$ the decoder; PCA has a matrix for $f$ and its transpose for $g$"),
    )
    playground()
    training()
    frame.architecture("autoencoder", models.FAMILIES["digits"].network, (1, 1, 28, 28))
    frame.weights_card(
        {name: [name] for name in models.ALL},
        note="Squared errors are summed over the 784 pixels of a picture in [0, 1] and not cut, as in the paper. PCA's"
        " own figure stands beside each network's, from the same command.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.autoencoder")
