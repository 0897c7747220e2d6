"""Terraform's own files: whole, short, and of one mind with the code; nothing is planned here."""

import re
from pathlib import Path

from infra.archives import ROOT
from infra.indexes import FILE, text
from shared.domain.own_reach import SECRET, TAKEN
from shared.edge.settings.functions import FUNCTIONS
from tests.infra.terraform.offline import TERRAFORM

NAMES = [one.name for one in FUNCTIONS]


def test_the_map_of_functions_is_the_directories_and_the_codes_own_list() -> None:
    listed = re.findall(r"^    (\w+) = \{$", (TERRAFORM / "functions.tf").read_text(), re.MULTILINE)
    directories = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert sorted(listed) == sorted(directories) == sorted(NAMES)


def test_own_codes_secrets_go_to_the_functions_that_load_it() -> None:
    given = re.search(r"own_code = toset\(\[(.*?)\]\)", (TERRAFORM / "own_code.tf").read_text())
    assert given is not None
    listed = re.findall(r'"(\w+)"', given[1])
    assert sorted(listed) == sorted(one.name for one in FUNCTIONS if one.own_code)


def test_the_names_that_no_secret_may_have_are_the_codes() -> None:
    text = (TERRAFORM / "variables_own_code.tf").read_text()
    for pattern in (SECRET.pattern, TAKEN.pattern):
        assert pattern.removesuffix("|PORT|PATH|HOME") in text


def test_no_file_is_longer_than_a_hundred_lines_and_every_module_is_whole() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        assert len(file.read_text().splitlines()) <= 100, file
    for module in (TERRAFORM / "modules").iterdir():
        names = {path.name for path in module.iterdir()}
        needed = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}
        assert needed <= names, module


def test_every_variable_says_what_it_is() -> None:
    for file in TERRAFORM.rglob("variables*.tf"):
        for block in re.split(r"^variable ", file.read_text(), flags=re.MULTILINE)[1:]:
            assert re.search(r'^  description = ".+\."$', block, re.MULTILINE), block


def test_terraforms_indexes_are_the_stores() -> None:
    """Made by `python -m infra.indexes`."""
    assert FILE.read_text() == text()


def test_the_words_the_alerts_count_are_the_codes() -> None:
    filters = (TERRAFORM / "modules" / "monitoring" / "main.tf").read_text()
    code = "".join(path.read_text() for path in (ROOT / "shared").rglob("*.py"))
    for word in re.findall(r'\\"([\w -]+?)\\"', filters[: filters.index("channels")]):
        if word != "0 failed":
            assert word in code or word.removesuffix(" dropped") in code, word


def test_the_example_environment_names_no_unknown_variable() -> None:
    declared = set()
    for file in TERRAFORM.glob("variables*.tf"):
        declared |= set(re.findall(r'^variable "(\w+)"', file.read_text(), re.MULTILINE))
    for example in (TERRAFORM / "envs").glob("*.tfvars"):
        given = set(re.findall(r"^(\w+)\s*=", example.read_text(), re.MULTILINE))
        assert given <= declared, Path(example).name
