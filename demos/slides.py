"""The lecture by its headings, in order, each with the place of the gallery that shows it: the one table of both.

A slide that is an outline alone is left out. What is shown nowhere yet has no place.
"""

from typing import NamedTuple


class Slide(NamedTuple):
    """A heading of the lecture: the tab and the section of it that show what it says, and on how many slides it stands
    one after the other."""

    heading: str
    topic: str = ""
    section: str = ""
    count: int = 1

    @property
    def link(self) -> str:
        """The address of its place below the gallery's, '' where there is none."""
        at = f"&at={self.section}" if self.section else ""
        return f"?tab={self.topic}{at}" if self.topic else ""


CHAPTERS: dict[str, tuple[Slide, ...]] = {
    "“Deep” embeddings": (
        Slide("Beyond Supervised Learning"),
        Slide("“Embedding” Concept", "autoencoder", "compare"),
        Slide("Autoencoders", "autoencoder"),
        Slide("Siamese Networks, Embeddings, and Metric Learning", "siamese"),
        Slide("Positive and Negative Pairs", "siamese", "halves"),
        Slide("Contrastive Loss", "siamese", "flat-gradients"),
        Slide("Application"),
        Slide("Variational Autoencoders (VAE)", "vae"),
        Slide("References", "vae"),
        Slide("Variational Autoencoders (VAE)", "vae", "sample"),
        Slide("Looking for Θ", "vae", "encoder", count=3),
        Slide("Deriving the Optimization Problem", "vae", count=3),
        Slide("Optimization Problem", "vae", "encoder"),
        Slide("Final Optimization Problem", "vae", "forming"),
        Slide("Computing the Gradients", "vae", "reparametrise"),
        Slide("Computing the Gradients: The Reparametrization Trick", "vae", "reparametrise"),
    ),
    "Generative adversarial networks": (
        Slide("Generative Adversarial Networks", "gan"),
        Slide("Applications: Realistic Rendering"),
        Slide("Applications: Domain Adaptation", "cyclegan", "digits"),
        Slide("Applications: Style Transfer", "cyclegan"),
        Slide("Other Applications"),
        Slide("GANs: Original Formulation", "gan", "critics", count=2),
        Slide("GANs: Original Formulation (2)", "gan", "laboratory"),
        Slide("Original Algorithm", "gan", "laboratory"),
        Slide("Results", "gan"),
        Slide("Original Formulation: Limitation", "gan", "mode-collapse"),
        Slide("Solution: Wasserstein GANs", "gan", "distance"),
        Slide("Wasserstein GAN: Formalization", "gan", "distance"),
        Slide("A Suitable Distance", "gan", "distance"),
        Slide("Wasserstein Metric: More Intuition", "gan", "distance"),
        Slide("Important Property", "gan", "distance"),
        Slide("How Can We Compute W(ℙr, ℙθ)?", "gan", "distance"),
        Slide("Kantorovich-Rubinstein Duality: Intuition (1)", "gan", "distance"),
        Slide("Other Adversarial Examples", "adversarial"),
        Slide("Kantorovich-Rubinstein Duality: Intuition (2)", "gan", "distance"),
        Slide("So What?", "gan", "distance"),
        Slide("Using the Kantorovich-Rubinstein Duality to Compute W(ℙr, ℙθ)", "gan", "laboratory"),
        Slide("Finally", "gan", "laboratory"),
        Slide("Comparison with the Original Formulation", "gan"),
        Slide("Wasserstein GAN Algorithm", "gan", "laboratory"),
        Slide("Forcing f to be 1-Lipschitz", "gan", "laboratory"),
        Slide("Image Generators", "gan", "growing"),
        Slide("Progressive GANs", "gan", "growing"),
        Slide("Progressive GANs: Results", "gan", "growing"),
        Slide("CycleGAN", "cyclegan", "content"),
        Slide("CycleGAN", "cyclegan", count=2),
    ),
    "Deep learning applied to computer vision problems": (
        Slide("Object Detection and Localization: How?", "detection"),
        Slide("R-CNN (1)", "detection", "history"),
        Slide("R-CNN (2)", "detection", "history"),
        Slide("R-CNN (3)", "detection", "history"),
        Slide("Fast R-CNN", "detection", "history"),
        Slide("Fast R-CNN (2)", "detection", "inside"),
        Slide("Fast R-CNN: Loss Function (1)", "detection", "losses"),
        Slide("Fast R-CNN: Loss Function (2)", "detection", "losses"),
        Slide("Faster R-CNN", "detection", "inside"),
        Slide("Faster R-CNN: Region Proposal Network", "detection", "inside"),
        Slide("Mask-RCNN", "detection", "inside"),
        Slide("Mask-RCNN (2)", "detection", "losses"),
        Slide("Mask-RCNN: Extensions"),
        Slide("Image Segmentation", "segmentation", "compare"),
        Slide("Image Segmentation with U-Net", "segmentation", "path", count=4),
        Slide("Image Segmentation with U-Net", "segmentation"),
        Slide("Articulated Pose Prediction", "pose"),
        Slide("Predicting Heat Maps", "pose", "inside"),
        Slide("Convolutional Pose Machines", "pose", "inside"),
        Slide("Multiple Articulated Objects", "pose", "inside", count=2),
    ),
    "To go further": (
        Slide("Spatial Transformers", "stn"),
        Slide("Differentiable Module", "stn"),
        Slide("Example: Affine transformation", "stn"),
        Slide("Example: Affine transformation", "stn", "one-pixel"),
        Slide("Spatial Transformer Network", "stn"),
        Slide("Rotated MNIST", "stn", "turning"),
        Slide("Fine Grained Visual Categorization", "finegrained"),
        Slide("Fine Grained Visual Categorization (2)", "finegrained", "film"),
        Slide("Dealing with Orderless Input", "pointnet"),
        Slide("Challenges", "pointnet", "shuffle"),
        Slide("Invariance to Geometric Transformation", "pointnet", "inside"),
        Slide("Full Network", "pointnet", "whole-network"),
        Slide("Application to Outlier Detection", "correspondence"),
        Slide("Self-Learning for Deep Monocular Depth Estimation", "depth"),
        Slide("Supervised Depth Prediction", "depth"),
        Slide("Unsupervised Depth Prediction", "depth", "two-eyes"),
        Slide("Differentiable, End-to-End Computer Vision Pipelines", "lift"),
        Slide("The detector", "lift", "one-patch"),
        Slide("How the Detector is Used at Run-Time", "lift"),
        Slide("Cost Function (1)", "lift", "one-patch", count=2),
        Slide("Training with SfM Keypoints", "lift", "positives"),
        Slide("Cost Function (2)", "lift", "one-patch", count=5),
        Slide("Learning Orientations Implicitly", "lift", "turn-it", count=2),
        Slide("Learning Orientations Implicitly: Siamese Network", "lift", "turn-it", count=3),
        Slide("Learned Orientations", "lift", "turn-it"),
        Slide("Learning the Descriptor", "lift", "positives", count=2),
        Slide("A Single, Global Cost Function", "lift", "in-order"),
    ),
}
"""The chapters of the lecture's outline and their slides."""


def of_topic(topic: str) -> list[Slide]:
    """The slides that a tab shows, in the order of the lecture."""
    return [slide for slides in CHAPTERS.values() for slide in slides if slide.topic == topic]
