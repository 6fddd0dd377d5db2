"""``make mutants``: what mutmut left is counted by module, and a change that nobody noticed needs a reason."""

import json
import re
from pathlib import Path

import pytest

from tools import mutants

CLOCK = "src/keywatch/incidents/clock.py"
NEXT = "keywatch.incidents.clock.x__next__mutmut_"
CHANGE = "-return now\n+return None"


@pytest.fixture
def work(tmp_path):
    """A folder as mutmut leaves it: in one module three changes were noticed, one was not, for one there are no tests."""
    file = tmp_path / "mutants" / f"{CLOCK}.meta"
    file.parent.mkdir(parents=True)
    codes = {f"{NEXT}{number}": code for number, code in enumerate((1, 36, 1, 0, 33), 1)}
    file.write_text(json.dumps({"exit_code_by_key": codes}))
    file.with_name("empty.py.meta").write_text(json.dumps({"exit_code_by_key": {}}))
    return tmp_path


@pytest.fixture
def told(work, tmp_path, monkeypatch, capsys):
    """Report with these reasons; return the exit code and what was printed."""

    def report(survivors: str = "survivor = []", least: float = 0.9) -> tuple[int, str]:
        listed = tmp_path / "survivors.toml"
        listed.write_text(survivors)
        monkeypatch.setattr(mutants, "SURVIVORS", listed)
        monkeypatch.setattr(mutants, "LEAST", least)
        monkeypatch.setattr(mutants, "change", lambda _, mutant: f"{CHANGE} {mutant[-1]}")
        return mutants.report(list(mutants.results(work)), work), capsys.readouterr().out

    return report


def test_a_module_is_counted_and_one_without_changes_is_left_out(work):
    (module,) = mutants.results(work)
    assert (module.name, module.total, module.share) == ("keywatch/incidents/clock.py", 5, 0.6)
    assert module.unnoticed == [f"{NEXT}4", f"{NEXT}5"]


def test_too_few_noticed_changes_fail_and_each_unnoticed_one_is_shown(told):
    code, said = told()
    assert code == 1
    assert " 60.0%      3 of     5  keywatch/incidents/clock.py" in said
    assert f"{NEXT}4\n{CHANGE} 4" in said
    assert f"{NEXT}5\n{CHANGE} 5" in said


def test_enough_noticed_changes_pass(told):
    assert told(least=0.6)[0] == 0


def test_what_has_a_reason_is_not_shown(told):
    where = 'where = "keywatch.incidents.clock._next"'
    reason = f'[[survivor]]\n{where}\nreason = "the same"\nchange = """\n{CHANGE} 4"""\n'
    _, said = told(reason)
    assert f"{NEXT}4" not in said
    assert f"{NEXT}5" in said


@pytest.mark.parametrize(
    ("mutant", "expected"),
    [
        ("keywatch.incidents.clock.x_tick__mutmut_3", "keywatch.incidents.clock.tick"),
        ("keywatch.incidents.clock.x__next__mutmut_3", "keywatch.incidents.clock._next"),
        (
            "keywatch.store.table.xǁTableǁread__mutmut_1",
            "keywatch.store.table.Table.read",
        ),
    ],
)
def test_the_function_of_a_change_is_named(mutant, expected):
    assert mutants.place(mutant) == expected


def test_the_copy_has_its_sources_where_mutmut_looks_for_them(tmp_path):
    mutants.stage(mutants.AREAS[1], tmp_path / "work")
    settings = (tmp_path / "work" / "pyproject.toml").read_text()
    assert 'pythonpath = ["src", "."]' in settings
    assert '"src/keywatch/incidents/*"' in settings
    assert (tmp_path / "work" / "src" / "keywatch" / "incidents" / "clock.py").is_file()
    assert (tmp_path / "work" / "tests" / "conftest.py").is_file()


def test_every_listed_survivor_has_a_place_a_change_and_a_reason():
    listed = mutants.tomllib.loads(mutants.SURVIVORS.read_text())["survivor"]
    assert all({"where", "change", "reason"} == one.keys() for one in listed)
    assert all(one["reason"].endswith(".") for one in listed)


def test_the_copy_has_all_folders_that_its_tests_import():
    # GIVEN the modules that the tests of the areas may import
    files = _modules(Path("tests/support"))
    files += [
        file
        for area in mutants.AREAS
        for name in area.tests
        for file in _modules(Path("tests/unit", name))
    ]
    # WHEN the folders of the tree that they import are looked for
    wanted = {
        match[1]
        for file in files
        for match in re.finditer(
            r"^(?:from|import) (\w+)", (mutants.ROOT / file).read_text(), re.MULTILINE
        )
        if (mutants.ROOT / match[1]).is_dir()
    }
    # THEN each of them is copied
    assert wanted <= set(mutants.COPIED), wanted


def _modules(place: Path) -> list[Path]:
    """The modules in a folder of the tree, or the module itself."""
    return [place] if place.suffix else [*(mutants.ROOT / place).rglob("*.py")]
