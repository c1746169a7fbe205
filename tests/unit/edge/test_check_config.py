"""`insect-edge check-config` in the terminal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.card import InputContract, ModelCard
from insect_edge.commands import check_config
from insect_edge.config.alerts import Alerts, Threshold
from insect_edge.config.camera import Camera, FilesCamera
from insect_edge.config.labels import configured_card
from insect_edge.config.parse import parse_config
from insect_edge.config.sections import Config, Policy
from insect_edge.config.sections import Site as SiteConfig
from insect_edge.domain import Label, Region, Role
from insect_edge.errors import ConfigError

CARD = ModelCard(
    model_id="garden-v1",
    labels=(Label(index=0, name="slug", role=Role.PEST, taxon=None, threshold=0.5),),
    input=InputContract(width=224, height=224),
    activation="logits",
)


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card instead of a model: what is checked here is the configuration."""
    monkeypatch.setattr(
        check_config,
        "make_classifier",
        lambda config, *, name: SimpleNamespace(card=configured_card(CARD, config, name=name)),
    )


def test_a_good_file_is_ok(tmp_path: Path) -> None:
    """A file without a mistake is `ok`, with what it amounts to and exit code 0."""
    path = tmp_path / "trap.toml"
    path.write_text('[device]\nid = "bed-3"\n[mqtt]\nhost = "hub"\ntls.enabled = true', encoding="utf-8")
    result = CliRunner().invoke(check_config.command, [str(path)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"{path}: ok"
    assert "device  bed-3" in lines
    assert "model   garden-v1; pests: slug" in lines
    assert "broker  hub:8883 with TLS" in lines


def test_the_alert_rules_are_told_in_words(tmp_path: Path) -> None:
    """A threshold takes the place of its label's sightings; without any, each sighting of a pest alerts."""
    path = tmp_path / "trap.toml"
    path.write_text("", encoding="utf-8")
    assert "alerts  every sighting of slug" in CliRunner().invoke(check_config.command, [str(path)]).output
    path.write_text('[[alerts.thresholds]]\nlabel = "slug"\nmore_than = 5\nper = "trap-day"', encoding="utf-8")
    assert "alerts  slug: more than 5 per trap-day\n" in CliRunner().invoke(check_config.command, [str(path)]).output
    path.write_text('[alerts]\nnever = ["slug"]', encoding="utf-8")
    assert "alerts  none" in CliRunner().invoke(check_config.command, [str(path)]).output


@pytest.mark.parametrize(
    "text", ["[polcy]", '[policy.roles]\nsnail = "pest"', '[mqtt]\nusername = "a"\npassword_file = "x"']
)
def test_a_bad_file_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    """Mistakes of the file, of its labels and of its password file all come through as configuration errors."""
    path = tmp_path / "trap.toml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(check_config.command, [str(path)])
    assert isinstance(result.exception, ConfigError)


def test_what_is_printed_can_be_read_again(tmp_path: Path) -> None:
    """The printed configuration is a configuration that amounts to the same."""
    path = tmp_path / "trap.toml"
    text = '[camera]\nregion = [0.25, 0, 0.5, 1]\n[policy]\nthresholds = { slug = 0.7 }\n[model]\npath = "mine"'
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(check_config.command, [str(path), "--print"])
    printed = result.output[result.output.index("[device]") :]
    again = parse_config(printed.encode(), name="printed", folder=Path("/"))
    assert again == parse_config(text.encode(), name="trap", folder=tmp_path)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


THRESHOLDS = st.one_of(
    st.builds(Threshold, label=NAMES, more_than=st.floats(0, 11), per=st.sampled_from(["hour", "trap-day"])),
    st.builds(Threshold, label=NAMES, factor=st.floats(1.5, 10), also_sightings=st.booleans()),
)


@given(
    st.builds(
        Config,
        site=st.builds(SiteConfig, name=st.none() | NAMES),
        camera=st.builds(
            Camera,
            rate=st.floats(1, 60),
            region=st.sampled_from(["square", "whole", Region(x=0.1, y=0.2, width=0.3, height=0.4)]),
            files=st.builds(FilesCamera, path=st.none() | st.just(Path("/srv/pictures")), loop=st.booleans()),
        ),
        policy=st.builds(
            Policy,
            thresholds=st.dictionaries(NAMES, st.floats(1e-9, 1)),
            roles=st.dictionaries(NAMES, st.sampled_from(["pest", "neutral"])),
        ),
        alerts=st.one_of(
            st.builds(Alerts, only=st.lists(NAMES).map(tuple)),
            st.builds(Alerts, thresholds=st.lists(THRESHOLDS, max_size=3, unique_by=lambda one: one.label).map(tuple)),
        ),
    )
)
def test_every_configuration_can_be_printed(config: Config) -> None:
    """Whatever is in a configuration, its printed form is read back as the same."""
    printed = check_config.as_toml(config)
    assert parse_config(printed.encode(), name="printed", folder=Path("/")) == config


def test_a_scene_that_does_not_exist_is_found_before_the_start(tmp_path: Path) -> None:
    """What only the camera knows to be wrong is reported by the check too."""
    path = tmp_path / "x.toml"
    path.write_text('[camera]\nsource = "simulated"\n[camera.simulated]\nscene = "desert"\n', encoding="utf-8")
    result = CliRunner().invoke(check_config.command, [str(path)])
    assert isinstance(result.exception, ConfigError)
    assert "desert" in str(result.exception)
    assert not result.stdout


def test_what_lies_beside_the_file_is_reported_all_at_once(tmp_path: Path) -> None:
    """Password file, authorities, camera and labels are each checked, although the one before is wrong."""
    path = tmp_path / "x.toml"
    path.write_text(
        '[camera]\nsource = "simulated"\nsimulated.scene = "desert"\n[policy.roles]\nsnail = "pest"\n'
        '[mqtt]\nusername = "a"\npassword_file = "absent"\ntls = { enabled = true, ca = "gone.pem" }\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(check_config.command, [str(path)])
    assert isinstance(result.exception, ConfigError)
    lines = str(result.exception).splitlines()
    assert all(word in line for word, line in zip(("absent", "gone.pem", "desert", "snail"), lines, strict=True))
