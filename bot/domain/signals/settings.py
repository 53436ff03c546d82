"""The numbers that a rule works with, all filled in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameters:
    """One rule's switch and numbers, by the names of the catalogue."""

    enabled: bool
    numbers: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]


@dataclass(frozen=True, slots=True)
class Settings:
    """All rules' parameters, by rule. `catalogue.settings(...)` makes one from defaults and a config's overrides."""

    rules: Mapping[str, Parameters]
    silence_is_urgent: bool = False

    def __getitem__(self, rule: str) -> Parameters:
        return self.rules[rule]
