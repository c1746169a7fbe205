"""Teachers: finished models whose scores a new one learns from, beside the labels.

A label says which animal; a good model's scores say as well what it could almost have been, and they doubt a label that
is wrong (Hinton et al., "Distilling the knowledge in a neural network", 2015). The teachers look at the very view that
the student looks at (Beyer et al., "Knowledge distillation: a good teacher is patient and consistent", 2022). They may
have begun with other pretrained weights; what they know together ends in one network, and the Pi pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from insect_converter import backbone as backbones
from insect_converter import run_record
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.teacher_runs import TeacherRun


class Teachers:
    """Models that answer together."""

    def __init__(self, models: Sequence[Any], *, share: float, smoothing: float) -> None:
        """Get ready.

        Args:
            models: float models as `backbone.build_model` made them, of MobileNetV2.
            share: of the target that is theirs, in [0, 1]; the rest is the label's.
            smoothing: share of the label's part that is spread over all labels.
        """
        self._models = [backbones.resized(model, model.layers[1], image_size=None) for model in models]
        self._share = share
        self._smoothing = smoothing
        self._answer = tf.function(self._mean_scores, reduce_retracing=True)

    @classmethod
    def open(cls, runs: Sequence[TeacherRun], *, share: float, smoothing: float) -> Teachers:
        """Load the runs' models.

        Raises:
            TrainingError: when a model is damaged or another one than it was.
        """
        for run in runs:
            found = run_record.float_hash(run.folder)
            if found != run.sha256:
                raise TrainingError(
                    f"{run.folder}: the teacher's sha256 is {found[:12]}…, it was {run.sha256[:12]}… when this run "
                    "began: bring that model back, or begin a new run"
                )
        models = [backbones.load_model(run.folder / run_record.WEIGHTS_FILE) for run in runs]
        return cls(models, share=share, smoothing=smoothing)

    def soften(self, views: Any, targets: Any) -> NDArray[np.float32]:
        """What the student is to answer.

        Args:
            views: (batch, size, size, 3) float32, as the network takes them.
            targets: (batch, labels) float32, each row a distribution.

        Returns:
            (batch, labels), each row a distribution.
        """
        given = np.asarray(targets)
        labels = (1 - self._smoothing) * given + self._smoothing / given.shape[1]
        mixed: NDArray[np.float32] = (1 - self._share) * labels + self._share * self._answer(views).numpy()
        return mixed.astype(np.float32)

    def _mean_scores(self, views: Any) -> Any:
        scores = [keras.ops.softmax(model(views, training=False)) for model in self._models]
        return keras.ops.mean(keras.ops.stack(scores), axis=0)
