"""The parts of a recipe: which network, and how its two stages are trained."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from insect_edge.card import CENTRED_SQUARE, WHOLE_FRAME


class Network(enum.StrEnum):
    """What learns."""

    MOBILENET_V2 = "mobilenet-v2"
    """Pretrained on ImageNet; of any width (`alpha`) and size; pixels in [-1, 1]."""
    SMALL_CNN = "small-cnn"
    """Convolutions, pooling and one dense layer, from chance weights; of one size; pixels in [0, 255]."""


class Optimizer(enum.StrEnum):
    """Which rule moves the weights of the second stage."""

    ADAM = "adam"
    ADAMW = "adamw"
    SGD = "sgd"
    """With Nesterov's momentum."""
    RMSPROP = "rmsprop"
    """With momentum, as MobileNet was first trained (rho 0.9, epsilon 0.001)."""


class Keep(enum.StrEnum):
    """Which weights of the second stage are the model."""

    BEST = "best"
    """Those that validate best, the ones it began with included."""
    LAST = "last"
    """Those at its end, as where nothing is held back to judge by."""


class Crop(enum.StrEnum):
    """What of a picture is looked at, by the words of the card."""

    CENTRED_SQUARE = CENTRED_SQUARE
    WHOLE_FRAME = WHOLE_FRAME
    """All of it, its longer side squeezed: nothing at the edges is lost, and a long animal grows short."""


class Schedule(enum.StrEnum):
    """How the learning rate goes on once it has warmed up."""

    COSINE = "cosine"
    CONSTANT = "constant"


class Balance(enum.StrEnum):
    """What is done for labels with few photographs."""

    NONE = "none"
    WEIGHTS = "weights"
    """A photograph counts the more, the fewer its label has."""
    SAMPLING = "sampling"
    """An epoch has as many views of each label; those of a rare one are repeated, each time another view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCnn:
    """Layers of the network `small-cnn`.

    Attributes:
        filters: of each 3x3 convolution with ReLU, each followed by a maximum over 2x2.
        dense: units of the layer before the logits, with ReLU.
    """

    filters: tuple[int, ...] = (16, 32, 64)
    dense: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """First stage: a linear head on the cached features of the frozen backbone.

    Attributes:
        epochs: passes over the cached features; 0 leaves the stage out.
        learning_rate: peak, of AdamW, decaying as a cosine.
        weight_decay: decoupled.
    """

    epochs: int = 60
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """Second stage: the whole network on random views; batch-norm statistics stay frozen.

    Attributes:
        epochs: at most; 0 leaves the backbone as it is.
        image_size: side of the training views in pixels; somewhat under the recipe's own is quicker and no worse,
            since random crops show things larger than they will be seen (Touvron et al., "Fixing the train-test
            resolution discrepancy", 2019).
        first_image_size: side in the first epochs, growing in even steps to `image_size` (Tan and Le, "EfficientNetV2",
            2021, "progressive learning"); 0 keeps `image_size` throughout.
        frozen_until: the backbone's last layer that stays as it is, with all before it: edges and textures transfer,
            and the layers at high resolution are the slowest to train. Empty to train all.
        batch_size: photographs a step.
        optimizer: `adamw`, `adam` (which ignores `weight_decay`), `sgd` (with Nesterov's momentum) or `rmsprop`.
        momentum: of `sgd` and `rmsprop`.
        learning_rate: peak.
        warmup_epochs: linear rise to the peak.
        schedule: after the rise, `cosine` down to zero or `constant`.
        layer_decay: factor of the learning rate from each block of the network to the one below it, the head having
            the full rate: what is general moves less (Howard and Ruder, "ULMFiT", 2018; Bao et al., "BEiT", 2021).
            1 for the same rate everywhere.
        weight_decay: decoupled.
        label_smoothing: share of the target spread over all labels.
        distillation: share of the target that is the teachers' answer, where training has teachers (see
            `insect_converter.teachers`); the label has the rest.
        taxonomy_smoothing: share of the target spread over the label's relatives by their taxa, see
            `insect_converter.taxonomy`.
        dropout: between pooling and head.
        ema_momentum: of the moving average of the weights that is validated and kept; 0 for none.
        patience: epochs without a better validation score after which training stops.
        keep: which weights are kept, `best` or `last`.
        background_repeat: how many views of each background picture an epoch has.
        unknown_repeat: how many views an epoch has of each photograph of an unknown insect that may be learnt from
            (see `insect_converter.unknown_insects`), where training is given some. They are to be called by no name:
            their target is all animals alike (Hendrycks et al., "Deep Anomaly Detection with Outlier Exposure", 2019).
        mixup: share of batches whose animals are blended with one another (Zhang et al., 2018).
        cutmix: share of batches whose animals have a rectangle of one another (Yun et al., 2019).
        members: how often fine-tuning is run from the same head, each time with views and an order of its own; the
            weights are averaged where that validates better than the best alone (Wortsman et al., "Model soups",
            2022). It costs time in training and none on the Pi.
    """

    epochs: int = 10
    image_size: int = 224
    first_image_size: int = 0
    frozen_until: str = ""
    batch_size: int = 32
    optimizer: Optimizer = Optimizer.ADAMW
    momentum: float = 0.9
    learning_rate: float = 2e-4
    warmup_epochs: float = 1.0
    schedule: Schedule = Schedule.COSINE
    layer_decay: float = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    distillation: float = 0.7
    taxonomy_smoothing: float = 0.0
    dropout: float = 0.2
    ema_momentum: float = 0.0
    patience: int = 5
    keep: Keep = Keep.BEST
    background_repeat: int = 1
    unknown_repeat: int = 0
    mixup: float = 0.0
    cutmix: float = 0.0
    members: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdTarget:
    """What the per-label thresholds are fitted for, on the validation photographs.

    Attributes:
        precision: wanted share of right verdicts among those that carry a label.
        false_alarms: highest share of background pictures that may get any label as their verdict.
    """

    precision: float = 0.9
    false_alarms: float = 0.02
